"""A scientific camera: photoelectrons in, grey values out."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage


@dataclasses.dataclass(frozen=True)
class Camera:
    """Constants of the camera.

    Attributes:
        offset: grey value of a dark pixel.
        gain: grey values a photoelectron.
        read_noise: standard deviation in photoelectrons, above 0.
        maximum: grey value at which a pixel saturates.
        smoothing: sigma in pixels of what software does to the image: resampling,
            denoising.
    """

    offset: float = 120.0
    gain: float = 7.0
    read_noise: float = 5.0
    maximum: int = 4095
    smoothing: float = 0.0


def record(
    expected: np.ndarray,
    camera: Camera,
    rng: np.random.Generator,
    shift: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """Grey values of an exposure.

    One normal variable a pixel stands for shot and read noise, bent by the first term
    of Cornish and Fisher's expansion (1938): mean, variance and skewness are those of
    Poisson and normal noise together, in a fraction of the time.

    Args:
        expected: expected photoelectrons of each pixel, float32 [h, w], not negative.
        camera: the camera.
        rng: source of the noise.
        shift: movement (x, y) in pixels (-1 to 1) by which software lays the channel
            onto the others. It interpolates, and so smooths the noise.

    Returns:
        uint16 [h, w], 0 to camera.maximum.
    """
    normal = rng.standard_normal(expected.shape, np.float32)
    variance = expected + np.float32(camera.read_noise**2)
    electrons = normal * np.sqrt(variance)
    normal *= normal
    normal -= 1
    normal *= expected
    normal /= 6 * variance
    electrons += normal
    electrons += expected
    values = moved(electrons, shift)
    if camera.smoothing:
        values = ndimage.gaussian_filter(values, camera.smoothing)
    values *= np.float32(camera.gain)
    values += np.float32(camera.offset)
    return np.clip(np.round(values, out=values), 0, camera.maximum).astype(np.uint16)


def moved(plane: np.ndarray, shift: tuple[float, float]) -> np.ndarray:
    """A plane [h, w] moved by parts of a pixel (x, y), interpolated between two."""
    for axis, part in ((1, shift[0]), (0, shift[1])):
        if part:
            size = plane.shape[axis]
            source = np.clip(np.arange(size) - int(np.sign(part)), 0, size - 1)
            other = plane.take(source, axis)
            other -= plane
            other *= np.float32(abs(part))
            plane = plane + other
    return plane
