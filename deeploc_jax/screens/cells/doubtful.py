"""Bright things that are not cells are left out: haze, debris, uneven light."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32
from scipy import ndimage

from deeploc_jax.screens.cells.pieces import quantile_of

DIM = 0.1  # of the light of the median cell: less is debris, or a cell out of focus
DROP = 0.4  # of its light that must be lost next to a cell
BESIDE = 1.2  # diameters; width of the square in which it is lost


def drop_doubtful(
    labels: Int32[np.ndarray, 'h w'], light: Float32[np.ndarray, 'h w'], diameter: float
) -> Int32[np.ndarray, 'h w']:
    """Takes away what has no edge, and what is far dimmer than the cells of the field.

    Args:
        labels: Label image [h, w].
        light: Light above the background [h, w].
        diameter: Usual diameter of a cell in pixels.
    """
    middle = quantile_of(light, labels, 0.5)
    if len(middle) < 2:
        return labels
    # Every other pixel is enough for that.
    lowest = ndimage.minimum_filter(light[::2, ::2], 2 * int(BESIDE * diameter / 4) + 1)
    below = np.zeros(len(middle))
    coarse = quantile_of(lowest, labels[::2, ::2], 0.5)
    below[: len(coarse)] = coarse
    edge = middle - below > DROP * middle
    bright = middle > DIM * np.median(middle[1:][edge[1:]]) if edge[1:].any() else edge
    kept = edge & bright
    kept[0] = False
    return np.where(kept[labels], labels, 0)
