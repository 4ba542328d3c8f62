"""A scientific camera: photoelectrons in, grey values out."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Camera:
    """Constants of the camera.

    Attributes:
        offset: grey value of a dark pixel.
        gain: grey values a photoelectron.
        read_noise: standard deviation in photoelectrons.
        maximum: grey value at which a pixel saturates.
    """

    offset: float = 120.0
    gain: float = 7.0
    read_noise: float = 5.0
    maximum: int = 4095


def record(
    expected: np.ndarray,
    camera: Camera,
    rng: np.random.Generator,
    shift: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """Grey values of an exposure.

    Shot and read noise come from one normal variable a pixel by the inverse of the
    generalised Anscombe transform (Starck, Murtagh & Bijaoui 1998): the same mean,
    variance and skewness as Poisson and normal noise, several times as fast.

    Args:
        expected: expected photoelectrons of each pixel, [h, w], not negative.
        camera: the camera.
        rng: source of the noise.
        shift: movement (x, y) in pixels (-1 to 1) by which software lays the channel
            onto the others. It interpolates, and so smooths the noise.

    Returns:
        uint16 [h, w], 0 to camera.maximum.
    """
    more = np.float32(3 / 8 + camera.read_noise**2)
    root = np.sqrt(expected.astype(np.float32, copy=False) + more)
    root += np.float32(0.5) * rng.standard_normal(expected.shape, np.float32)
    values = camera.offset + camera.gain * (root * root - more)
    values = moved(values.astype(np.float32, copy=False), shift)
    return np.clip(np.round(values), 0, camera.maximum).astype(np.uint16)


def moved(plane: np.ndarray, shift: tuple[float, float]) -> np.ndarray:
    """A plane [h, w] moved by parts of a pixel (x, y), interpolated between two."""
    for axis, part in ((1, shift[0]), (0, shift[1])):
        if part:
            size = plane.shape[axis]
            source = np.clip(np.arange(size) - np.sign(part).astype(int), 0, size - 1)
            part = np.float32(abs(part))
            plane = (1 - part) * plane + part * plane.take(source, axis)
    return plane
