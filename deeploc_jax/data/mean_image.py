"""Computes the mean of the images that a network is trained on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Integer

from deeploc_jax.progress import progress_bar
from deeploc_jax.types import Cells

_CHUNK = 256  # images read at a time


def mean_image(
    cells: Cells, crop: int, rows: Integer[np.ndarray, ' m'] | None = None
) -> Float32[np.ndarray, '{crop} {crop} c']:
    """Averages each pixel and channel of the central crop over cells.

    The sum is taken in float64 in the order of the rows, so that the same images give
    the same mean whether they are in memory or read as needed.

    Args:
        cells: Training split.
        crop: Side of the crop in pixels.
        rows: Row numbers of the cells that count, [m]; None for all labelled cells.

    Returns:
        Mean image, float32 [crop, crop, c].
    """
    rows = np.flatnonzero(cells.labels >= 0) if rows is None else np.unique(rows)
    side, channels = cells.images.shape[1], cells.images.shape[-1]
    margin = (side - crop) // 2
    view = slice(margin, margin + crop)
    total = np.zeros((crop, crop, channels))
    starts = range(0, len(rows), _CHUNK)
    for start in progress_bar(starts, len(starts), 'mean image', unit='chunk'):
        images = cells.images[rows[start : start + _CHUNK]]
        total += images[:, view, view].sum(0, dtype=np.float64)
    return (total / len(rows)).astype(np.float32)
