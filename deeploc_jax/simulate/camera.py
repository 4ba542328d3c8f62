"""A 12-bit camera: photoelectrons in, grey values out."""

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
    read_noise: float = 2.6
    maximum: int = 4095


def record(
    expected: np.ndarray, camera: Camera, rng: np.random.Generator
) -> np.ndarray:
    """Grey values of an exposure.

    Args:
        expected: expected photoelectrons of each pixel, any shape, not negative.
        camera: the camera.
        rng: source of shot and read noise.

    Returns:
        uint16 array of the same shape, 0 to camera.maximum.
    """
    # Rounding keeps the draws the same on processors whose tanh differs in a last bit.
    shot = rng.poisson(np.round(expected.astype(np.float64), 2))
    electrons = shot + camera.read_noise * rng.standard_normal(expected.shape)
    values = np.round(camera.offset + camera.gain * electrons)
    return np.clip(values, 0, camera.maximum).astype(np.uint16)
