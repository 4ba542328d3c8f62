"""Squares of raw pixels are cut out around the centers of cells."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Shaped

SIDE = 64
"""Pixels a side of the crops that the networks were trained on."""


def cut_crops(
    pixels: Shaped[np.ndarray, 'h w c'],
    x: Float[np.ndarray, ' n'],
    y: Float[np.ndarray, ' n'],
    side: int = SIDE,
) -> tuple[Shaped[np.ndarray, 'm side side c'], Bool[np.ndarray, ' n']]:
    """Cuts a square around each center, which comes to lie in pixel side // 2.

    Args:
        pixels: The field [h, w, c].
        x: Centers [n] in pixels from the left; NaN where a cell has no place.
        y: Centers [n] in pixels from the top.
        side: Height and width of a crop in pixels.

    Returns:
        Crops [m, side, side, c] of the m cells that lie inside, in the order of the
        cells, with the pixels as they are; and bool [n], False for a cell whose crop
        would reach beyond the field.
    """
    height, width = pixels.shape[:2]
    placed = np.isfinite(x) & np.isfinite(y)
    left = np.rint(np.where(placed, x, -side)).astype(np.int64) - side // 2
    top = np.rint(np.where(placed, y, -side)).astype(np.int64) - side // 2
    inside = (left >= 0) & (top >= 0) & (left + side <= width) & (top + side <= height)
    crops = np.empty((inside.sum(), side, side, pixels.shape[2]), pixels.dtype)
    for crop, row, column in zip(crops, top[inside], left[inside], strict=True):
        seen = pixels[row : row + side, column : column + side]
        for channel in range(pixels.shape[2]):  # many pixels of one after the other
            crop[..., channel] = seen[..., channel]
    return crops, inside
