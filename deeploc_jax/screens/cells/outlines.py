"""A picture of a field shows the outlines of its cells, to check them by eye."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int32, Shaped, UInt8
from PIL import Image
from skimage import segmentation

from deeploc_jax.files import atomic_write

DARK, WHITE = 1.0, 99.7  # percentiles of the pixels that are black and white
GAMMA = 0.5  # so that dim cells are seen beside bright ones
CELL, EDGE = (255, 210, 0), (255, 90, 90)


def draw_outlines(
    labels: Int32[np.ndarray, 'h w'], plane: Shaped[np.ndarray, 'h w']
) -> UInt8[np.ndarray, 'h w 3']:
    """Draws the outlines of cells into a channel: yellow, at the edge of the field red.

    Args:
        labels: Label image [h, w].
        plane: Channel [h, w] that is shown in gray.
    """
    low, high = np.percentile(plane, [DARK, WHITE])
    gray = (plane.astype(np.float32) - low) / max(high - low, 1e-6)
    gray = (255 * gray.clip(0, 1) ** GAMMA).astype(np.uint8)
    picture = np.repeat(gray[..., None], 3, axis=2)
    line = segmentation.find_boundaries(labels, mode='inner')
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.isin(labels, np.setdiff1d(edges, 0))
    picture[line & ~outside] = CELL
    picture[line & outside] = EDGE
    return picture


def save_outlines(
    path: Path | str, labels: Int32[np.ndarray, 'h w'], plane: Shaped[np.ndarray, 'h w']
) -> Path:
    """Saves the picture of `draw_outlines` as PNG."""
    picture = Image.fromarray(draw_outlines(labels, plane))
    return atomic_write(path, lambda temporary: picture.save(temporary, 'PNG'))
