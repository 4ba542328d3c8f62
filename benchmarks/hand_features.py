"""Hand-made features of a two-channel cell, as profiling pipelines measure them.

Intensity, texture (Haralick, local binary patterns), shape (Zernike moments, region
properties), granularity, radial distribution and correlation with the marker, by
mahotas and scikit-image: of the whole crop, and of the cell in the middle alone, which
a watershed of the marker cuts from its neighbours. The baseline that a network must
beat.
"""

from __future__ import annotations

import itertools
import warnings

import mahotas
import numpy as np
from scipy import ndimage
from skimage import feature, filters, measure, segmentation

RADIUS = 28  # pixels; Zernike moments and rings look no further from the centre
_Y, _X = np.mgrid[:64, :64] - 31.5
_DISTANCE = np.hypot(_X, _Y)
_RINGS = np.minimum(_DISTANCE // 5, 6).astype(int)
MARGIN = 2  # pixels about a segmented cell that still show its own light


def hand_features(image: np.ndarray) -> np.ndarray:
    """Features of one cell.

    Args:
        image: float32 [64, 64, c] in [0, 1], protein first.

    Returns:
        float32 [f]; what cannot be computed (a constant plane) is 0.
    """
    cell = central_cell(image[..., -1])
    top = np.percentile(image[cell], 99.5, axis=0) + 1e-6
    alone = np.clip(np.where(cell[..., None], image / top, 0), 0, 1)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # constant planes have no correlation
        values = [*_shape(cell)]
        for seen in (image, alone):
            for channel in {0, image.shape[-1] - 1}:
                values += _plane(seen[..., channel])
            values += _together(seen[..., 0], seen[..., -1])
    return np.nan_to_num(np.array(values, np.float32), posinf=0, neginf=0)


def central_cell(marker: np.ndarray) -> np.ndarray:
    """Mask bool [64, 64] of the cell in the middle; a disc where none is found."""
    smooth = ndimage.gaussian_filter(marker, 1.0)
    flat = np.ptp(smooth) == 0
    bright = smooth > (1 if flat else 0.8 * filters.threshold_otsu(smooth))
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(bright), 1.0)
    peaks = feature.peak_local_max(
        depth, min_distance=6, exclude_border=False, labels=bright.astype(int)
    )
    seeds = np.zeros(bright.shape, int)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    cells = segmentation.watershed(-depth, seeds, mask=bright)
    middle = cells[28:36, 28:36]
    if not middle.any():
        return _DISTANCE < 18
    own = cells == np.bincount(middle[middle > 0]).argmax()
    return ndimage.binary_dilation(own, iterations=MARGIN)


def _plane(plane: np.ndarray) -> list[float]:
    grey = (plane * 63).astype(np.uint8)
    return [
        *_intensity(plane),
        *mahotas.features.haralick(grey).mean(0),
        *mahotas.features.haralick(grey[::2, ::2]).mean(0),
        *mahotas.features.lbp(plane, 2, 8),
        *mahotas.features.zernike_moments(plane, RADIUS, degree=8),
        *ndimage.mean(plane, _RINGS, range(7)),
        *ndimage.standard_deviation(plane, _RINGS, range(7)),
        *_granularity(plane),
        *_spots(plane),
    ]


def _intensity(plane: np.ndarray) -> list[float]:
    centred = plane - plane.mean()
    spread = centred.std() + 1e-6
    moments = [(centred**k).mean() / spread**k for k in (3, 4)]
    return [plane.mean(), spread, *moments, *np.percentile(plane, [5, 25, 50, 75, 95])]


def _granularity(plane: np.ndarray) -> list[float]:
    """Share of the intensity that an opening with a growing disc takes away."""
    opened = [plane] + [ndimage.grey_opening(plane, (k, k)) for k in (3, 5, 7, 11, 15)]
    totals = [x.sum() for x in opened]
    return [(a - b) / (totals[0] + 1e-6) for a, b in itertools.pairwise(totals)]


def _spots(plane: np.ndarray) -> list[float]:
    """Number, brightness and distance from the centre of blobs at two scales."""
    values = []
    for sigma in (1.2, 2.5):
        response = -ndimage.gaussian_laplace(plane, sigma) * sigma**2
        peaks = feature.peak_local_max(response, min_distance=2, threshold_abs=0.06)
        found = peaks[np.hypot(*(peaks - 31.5).T) < RADIUS]
        strengths = response[tuple(found.T)] if len(found) else np.zeros(1)
        distance = np.hypot(*(found - 31.5).T).mean() if len(found) else 0.0
        values += [len(found), strengths.max(), strengths.mean(), distance]
    return values


def _together(protein: np.ndarray, marker: np.ndarray) -> list[float]:
    """Correlation of the channels: all pixels, the bright half, edges, rings."""
    pairs = [(protein, marker), (filters.sobel(protein), filters.sobel(marker))]
    bright = marker > np.median(marker)
    pairs.append((protein[bright], marker[bright]))
    pairs += [(protein[_RINGS == r], marker[_RINGS == r]) for r in range(6)]
    return [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]


def _shape(cell: np.ndarray) -> list[float]:
    """Size and form of the cell."""
    region = measure.regionprops(cell.astype(int))[0]
    form = [region.area, region.eccentricity, region.solidity, region.extent]
    axes = [region.axis_major_length, region.axis_minor_length]
    return [*form, *axes, *region.moments_hu]
