"""The outline of a real cell, in which an image is made."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage
from skimage.filters import threshold_otsu

SMALLEST, LARGEST = 0.05, 0.6
"""Shares of a crop that a cell, which an image is made in, may fill."""


def cell_mask(
    image: Float32[np.ndarray, 's s c'], marker: int
) -> Bool[np.ndarray, 's s']:
    """The cell in the middle: where the marker is brighter than 0.8 x Otsu's threshold.

    Args:
        image: The crop.
        marker: Index of the marker; -1: there is none, and a disc stands for the cell.

    References:
        Kraus et al. 2017, released code; it took all cells of the crop, here it is the
        one in the middle.
    """
    side = image.shape[0]
    away = np.hypot(*(np.indices((side, side)) - (side - 1) / 2))
    if marker < 0:
        return away < 0.3 * side
    plane = image[..., marker]
    parts, _ = ndimage.label(plane > 0.8 * threshold_otsu(plane))
    nearest = np.where(parts > 0, away, np.inf)
    return parts == parts.flat[nearest.argmin()] if (parts > 0).any() else parts > 0


def usual_cells(
    images: Float32[np.ndarray, 'n s s c'],
    marker: int,
    count: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Rows of cells of a usual size, drawn at random.

    Raises:
        ValueError: There is none.
    """
    found = []
    for row in rng.permutation(len(images)):
        if SMALLEST < cell_mask(images[row], marker).mean() < LARGEST:
            found.append(row)
        if len(found) == count:
            break
    if not found:
        raise ValueError(
            'No cell was found in which images could be made: 0.8 times the threshold '
            'of the marker outlines none of a usual size. Take more cells, '
            '--config.sampled=<more>.'
        )
    return np.array(found)
