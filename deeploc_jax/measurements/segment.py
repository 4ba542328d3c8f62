"""Separates the cell in the middle of a crop from its neighbors; measures its shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage
from skimage import feature, filters, measure, segmentation

MARGIN = 2  # pixels around a segmented cell that still show its own light
MIDDLE = 4  # pixels from the center within which a cell must lie
USUAL_RADIUS = 18  # pixels; radius of the disc when no cell is found


def central_cell(
    marker: Float[np.ndarray, 'h w'] | None, shape: tuple[int, int]
) -> Bool[np.ndarray, 'h w']:
    """Mask bool [h, w] of the cell in the middle; a disc when none is found.

    Args:
        marker: Plane [h, w] in which cells are filled; None: there is no such channel.
        shape: [h, w] of the crop.

    References:
        Meyer & Beucher 1990, J. Vis. Commun. Image Represent. 1:21: watershed.
    """
    rows, columns = np.indices(shape)
    height, width = shape
    disc = np.hypot(rows - (height - 1) / 2, columns - (width - 1) / 2) < USUAL_RADIUS
    if marker is None or np.ptp(marker) == 0:
        return disc
    smooth = ndimage.gaussian_filter(marker, 1.0)
    bright = smooth > 0.8 * filters.threshold_otsu(smooth)
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(bright), 1.0)
    peaks = feature.peak_local_max(
        depth, min_distance=6, exclude_border=False, labels=bright.astype(int)
    )
    seeds = np.zeros(shape, int)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    cells = segmentation.watershed(-depth, seeds, mask=bright)
    middle = cells[
        height // 2 - MIDDLE : height // 2 + MIDDLE,
        width // 2 - MIDDLE : width // 2 + MIDDLE,
    ]
    if not middle.any():
        return disc
    own = cells == np.bincount(middle[middle > 0]).argmax()
    return ndimage.binary_dilation(own, iterations=MARGIN)


def measure_shape(cell: Bool[np.ndarray, 'h w']) -> dict[str, float]:
    """Size and form of the region in a mask [h, w]."""
    region: Any = measure.regionprops(cell.astype(int))[0]
    return dict(
        area=region.area,
        eccentricity=region.eccentricity,
        solidity=region.solidity,
        extent=region.extent,
        major_axis=region.axis_major_length,
        minor_axis=region.axis_minor_length,
        **{f'hu_{i}': value for i, value in enumerate(region.moments_hu)},
    )
