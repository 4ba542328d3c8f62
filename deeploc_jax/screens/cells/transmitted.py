"""In transmitted light the outline of a cell is a bright line around it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32
from scipy import ndimage
from skimage import segmentation

from deeploc_jax.screens.cells.pieces import depth_of

AROUND = 2.0  # diameters in which the light between cells is taken
WIDTH = 1 / 28  # diameters; standard deviation of the line
CLEAR = 6.0  # standard deviations of the noise that the line stands out
SMALLEST, LARGEST = 0.03, 4.0  # area inside a line, in usual cells


def cut_inside_lines(
    plane: Float32[np.ndarray, 'h w'], diameter: float
) -> tuple[Int32[np.ndarray, 'h w'], Float32[np.ndarray, 'h w']]:
    """Finds what closed bright lines surround, up to the middle of the line.

    Args:
        plane: Bright field, or phase contrast with bright outlines [h, w].
        diameter: Usual diameter of a cell in pixels.

    Returns:
        Label image [h, w] of the pieces, one for each cell or bud, 0 between them; and
        the distance [h, w] to the edge of the region that a pixel lies in.
    """
    ridge = _ridge(plane, diameter)
    middle = np.median(ridge)
    noise = 1.48 * np.median(np.abs(ridge - middle))
    regions, count = ndimage.label(~(ridge > middle + CLEAR * noise))
    area = np.bincount(regions.ravel()) / (np.pi / 4 * diameter**2)
    area[0] = 0
    surrounded = (area > SMALLEST) & (area < LARGEST)
    seeds = np.where(surrounded[regions], regions, 0)
    seeds[(area >= LARGEST)[regions]] = count + 1  # what is between the cells
    # Only lines are flooded, from the pixels beside them.
    lines = ndimage.binary_dilation(seeds == 0)
    labels = np.where(lines, segmentation.watershed(ridge, seeds, mask=lines), seeds)
    numbers = np.cumsum(np.append(surrounded, False)) * np.append(surrounded, False)
    labels = numbers.astype(np.int32)[labels]
    return labels, depth_of(labels > 0, diameter)


def _ridge(
    plane: Float32[np.ndarray, 'h w'], diameter: float
) -> Float32[np.ndarray, 'h w']:
    """How sharply the light falls to both sides of a line [h, w]."""
    around = ndimage.gaussian_filter(plane, AROUND * diameter)
    flat = plane / np.maximum(around, 1e-6) - 1
    width = WIDTH * diameter
    yy, xx, xy = (
        ndimage.gaussian_filter(flat, width, order=order)
        for order in ((2, 0), (0, 2), (1, 1))
    )
    # Minus the lower eigenvalue of the Hessian matrix.
    return np.hypot((yy - xx) / 2, xy) - (yy + xx) / 2
