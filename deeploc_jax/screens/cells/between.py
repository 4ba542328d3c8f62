"""The light between cells is measured, around each of them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int32, Shaped
from scipy import ndimage

HALO = 2  # pixels around a cell whose light is not background
AROUND = 15  # pixels around a cell in which its background is taken
ENOUGH = 12  # pixels that a median of the background needs


def background_light(
    labels: Int32[np.ndarray, 'h w'], pixels: Shaped[np.ndarray, 'h w c'], count: int
) -> Float[np.ndarray, 'n c']:
    """Median of each channel around each cell, away from all cells.

    Args:
        labels: Number of the cell in each pixel, 0 for none. It may be every second row
            and column of a field, which is enough; the constants above are for that.
        pixels: The light in the same pixels.
        count: Number of cells n, also of those without a pixel here.

    Returns:
        Medians [n, c]: of the whole field for a cell with too little background around
        it, and NaN where all of the field is cells.
    """
    free = ndimage.maximum_filter((labels > 0).astype(np.uint8), 2 * HALO + 1) == 0
    planes = [*np.moveaxis(pixels, -1, 0)]
    whole = [median(plane[free]) for plane in planes]
    below = np.tile(np.array(whole, np.float64), (count, 1))
    for number, box in enumerate(ndimage.find_objects(labels)):
        if box is None:
            continue
        around = tuple(
            slice(max(side.start - AROUND, 0), side.stop + AROUND) for side in box
        )
        chosen = free[around]
        if np.count_nonzero(chosen) >= ENOUGH:
            below[number] = [median(plane[around][chosen]) for plane in planes]
    return below


def median(values: Shaped[np.ndarray, '*any']) -> float:
    """The value in the middle, the upper one of two; NaN where there are none."""
    if not values.size:
        return np.nan
    middle = values.size // 2
    return float(np.partition(values, middle, axis=None)[middle])
