"""Measures crops without knowing what they show.

Everything is measured on normalized crops, as networks see them: the brightness in gray
values is gone; contrast, blur, noise and shapes are left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Integer
from scipy import ndimage

try:
    from skimage import feature, filters, measure
except ImportError as error:  # pragma: no cover
    raise ImportError(
        "Realism needs scikit-image: pip install -e '.[baseline]'"
    ) from error

RING = 4  # pixels; width of the rings of a radial profile
BANDS = 8  # bands of spatial frequency, from 0 to half a cycle per pixel
SMALLEST_CELL = 80  # pixels; smaller regions of the marker are not counted
BACKGROUND = 25  # percent of the pixels, the darkest, that count as background


def crop_statistics(
    image: Float[np.ndarray, 'h w c'], channels: tuple[str, ...]
) -> dict[str, float]:
    """Statistics of one crop, `<statistic> <channel>` -> value.

    Args:
        image: float32 [h, w, c] in [0, 1], protein first, marker second if any.
        channels: Names of the c channels.

    Returns:
        For each channel: moments and percentiles of the intensity, a radial profile
        around the middle, the share of power in bands of spatial frequency, noise of
        the background, and bright spots. For the last channel: size and number of
        cells. For the first two: their correlation. A constant plane has zeros.
    """
    found: dict[str, float] = {}
    for index, name in enumerate(channels):
        plane = image[..., index]
        parts = _intensity(plane) | _profile(plane) | _spectrum(plane)
        parts |= _noise(plane) | _spots(plane)
        found |= {f'{what} {name}': value for what, value in parts.items()}
    found |= _cells(image[..., -1])
    if len(channels) > 1:
        both = image[..., :2] - image[..., :2].mean((0, 1))
        first, second = both[..., 0], both[..., 1]
        size = np.sqrt((first**2).sum() * (second**2).sum())
        found['correlation of channels'] = _ratio((first * second).sum(), size)
    return found


def _intensity(plane: Float[np.ndarray, 'h w']) -> dict[str, float]:
    centered = plane - plane.mean()
    spread = plane.std()
    percentiles = (5, 25, 50, 75, 95)
    values = zip(percentiles, np.percentile(plane, percentiles), strict=True)
    return {
        'mean': float(plane.mean()),
        'deviation': float(spread),
        'skewness': _ratio((centered**3).mean(), spread**3),
        **{f'percentile {p}': float(value) for p, value in values},
    }


def _profile(plane: Float[np.ndarray, 'h w']) -> dict[str, float]:
    """Mean intensity in rings around the middle."""
    rings = _from_middle(plane.shape) // RING
    number = plane.shape[0] // (2 * RING)
    means = ndimage.mean(plane, rings, range(number))
    return {
        f'ring {RING * i}-{RING * (i + 1)} px': float(mean)
        for i, mean in enumerate(means)
    }


def _spectrum(plane: Float[np.ndarray, 'h w']) -> dict[str, float]:
    """log10 of the power in each band, relative to all of it."""
    window = np.hanning(len(plane))
    centered = (plane - plane.mean()) * window[:, None] * window
    power = np.abs(np.fft.fft2(centered)) ** 2
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(n) for n in plane.shape]))
    bands = np.floor(frequency * 2 * BANDS)
    sums = ndimage.sum_labels(power, bands, range(BANDS))
    return {
        f'power {i / 2 / BANDS:.2f}-{(i + 1) / 2 / BANDS:.2f}': float(
            np.log10(_ratio(total, power.sum()) + 1e-12)
        )
        for i, total in enumerate(sums)
    }


def _noise(plane: Float[np.ndarray, 'h w']) -> dict[str, float]:
    """Deviation of background pixels from the mean of their neighbors."""
    dark = plane <= np.percentile(plane, BACKGROUND)
    rough = plane - ndimage.uniform_filter(plane, 3, mode='nearest')
    return {'noise': float(rough[dark].std())}


def _spots(plane: Float[np.ndarray, 'h w']) -> dict[str, float]:
    """Spots of about the size of the blur, found by the Laplacian of a Gaussian."""
    response = -ndimage.gaussian_laplace(plane, 1.5) * 1.5**2
    peaks = feature.peak_local_max(response, min_distance=2, threshold_abs=0.06)
    strengths = response[tuple(peaks.T)] if len(peaks) else np.zeros(1)
    return {
        'spots': float(len(peaks)),
        'spot strength': float(strengths.mean()),
        'strongest spot': float(strengths.max()),
    }


def _cells(plane: Float[np.ndarray, 'h w']) -> dict[str, float]:
    """Cells in the marker channel: their middles are counted, whole regions measured.

    `measurements.segment` cuts cells that touch, at a lower threshold and with less
    smoothing. The two are not one function, since published numbers depend on each.
    """
    names = ('foreground', 'cells', 'area', 'eccentricity', 'solidity')
    if np.ptp(plane) == 0:
        return dict.fromkeys(names, 0.0)
    smooth = ndimage.gaussian_filter(plane, 1.0)
    mask = smooth > filters.threshold_otsu(smooth)
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1.5)
    middles = feature.peak_local_max(depth, min_distance=6, exclude_border=False)
    regions: list[Any] = measure.regionprops(measure.label(mask))
    large = [region for region in regions if region.area >= SMALLEST_CELL]
    middle = np.array(plane.shape) / 2
    central = min(
        large,
        key=lambda region: np.min(np.linalg.norm(region.coords - middle, axis=1)),
        default=None,
    )
    shape = [central.area, central.eccentricity, central.solidity] if central else []
    values = [mask.mean(), len(middles), *(shape or [0.0] * 3)]
    return dict(zip(names, map(float, values), strict=True))


def _from_middle(shape: tuple[int, ...]) -> Integer[np.ndarray, 'h w']:
    """Distance in pixels of each pixel from the middle, rounded down."""
    rows, columns = (np.arange(n) - (n - 1) / 2 for n in shape)
    return np.hypot(rows[:, None], columns).astype(int)


def _ratio(part: float | np.floating, whole: float | np.floating) -> float:
    """`part / whole`, and zero where whole is zero."""
    return float(part / whole) if whole else 0.0
