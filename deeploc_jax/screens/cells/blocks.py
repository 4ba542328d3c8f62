"""Cells are looked for in blocks of pixels where a cell has many more than it needs."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32, Shaped

ENOUGH = 20  # blocks along the diameter of a cell


def block_side(diameter: float) -> int:
    """Side in pixels of the blocks that are enough for cells of this diameter."""
    return max(int(diameter / ENOUGH), 1)


def average_blocks(
    plane: Shaped[np.ndarray, 'h w'], side: int
) -> Float32[np.ndarray, 'r c']:
    """Means of square blocks of pixels.

    Args:
        plane: Channel [h, w].
        side: Side of a block in pixels. Those at the lower and right edge of the field
            are filled up with the pixels there.
    """
    height, width = plane.shape
    missing = (-height % side, -width % side)
    if any(missing):
        plane = np.pad(plane, [(0, rows) for rows in missing], 'edge')
    total = np.zeros((len(plane) // side, plane.shape[1] // side), np.float32)
    for row in range(side):
        for column in range(side):
            total += plane[row::side, column::side]
    return total / np.float32(side**2)


def spread_blocks(
    labels: Int32[np.ndarray, 'r c'], side: int, shape: tuple[int, int]
) -> Int32[np.ndarray, 'h w']:
    """Gives each pixel of a field [h, w] the label of the block that it is in."""
    height, width = shape
    return labels.repeat(side, 1)[:, :width].repeat(side, 0)[:height]
