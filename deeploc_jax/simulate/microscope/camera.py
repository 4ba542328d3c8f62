"""A scientific camera turns photoelectrons into gray values."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage


@dataclasses.dataclass(frozen=True)
class Camera:
    """Constants of a camera.

    Attributes:
        offset: Gray value of a dark pixel.
        gain: Gray values per photoelectron.
        read_noise: Standard deviation of the read noise in photoelectrons, above 0.
        maximum: Gray value at which a pixel saturates.
        smoothing: Sigma in pixels of the blur that software adds by resampling or
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
    """Gray values of an exposure.

    One normal variable per pixel stands for shot and read noise, corrected by the first
    term of Cornish and Fisher's expansion (1938): mean, variance and skewness are those
    of Poisson and normal noise together, in a fraction of the time.

    Args:
        expected: Expected photoelectrons of each pixel, float32 [h, w], not negative.
        camera: Camera that records them.
        rng: Source of the noise.
        shift: Movement (x, y) in pixels (-1 to 1) by which software registers the
            channel to the others. It interpolates, and so smooths the noise.

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
    """A plane [h, w] moved by a fraction of a pixel (x, y), linearly interpolated."""
    for axis, part in ((1, shift[0]), (0, shift[1])):
        if part:
            size = plane.shape[axis]
            source = np.clip(np.arange(size) - int(np.sign(part)), 0, size - 1)
            other = plane.take(source, axis)
            other -= plane
            other *= np.float32(abs(part))
            plane = plane + other
    return plane
