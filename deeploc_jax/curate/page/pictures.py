"""Cells become small pictures, each made once."""

from __future__ import annotations

import collections
from collections.abc import Sequence

import imagecodecs
import numpy as np
from jaxtyping import Float, Shaped, UInt8

from deeploc_jax.curate.sources.cells import Curated

COMPOSITE = 'composite'
SCALES = ('own', 'common')
"""Black and white of a cell: by its own pixels, or the same for all cells."""
LIMITS = (1.0, 99.8)
"""Percentiles of the pixels of a channel that become black and white."""
SAMPLED = 256  # cells that the common limits are taken from
KEPT = 8192  # pictures in memory, some 9 kB each
_HUFFMAN_ONLY = 2  # a strategy of zlib


class Pictures:
    """PNG files of cells, the last few thousand of them in memory.

    Args:
        cells: The cells.
    """

    def __init__(self, cells: Curated):
        self.cells = cells
        composite = (COMPOSITE,) if cells.marker >= 0 else ()
        self.views = (*composite, *cells.channels)
        self._made: collections.OrderedDict[tuple, bytes] = collections.OrderedDict()
        self._common: np.ndarray | None = None

    def of(self, rows: Sequence[int], view: int, scale: str) -> list[bytes]:
        """PNG of each of these cells.

        Args:
            rows: Rows of the cells.
            view: Index of one of `views`.
            scale: One of `SCALES`.
        """
        missing = [row for row in rows if (row, view, scale) not in self._made]
        if missing:
            pixels = self.cells.images[np.array(missing)]
            scaled = scale_pixels(pixels, self._limits(pixels, scale))
            for row, picture in zip(missing, self._colored(scaled, view), strict=True):
                self._made[row, view, scale] = _png(picture)
        found = [self._made[row, view, scale] for row in rows]
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return found

    def _limits(self, pixels: np.ndarray, scale: str) -> np.ndarray:
        if scale == 'own':
            return np.percentile(pixels, LIMITS, axis=(1, 2))[:, :, None, None]
        if self._common is None:
            rng = np.random.default_rng(0)
            count = min(SAMPLED, len(self.cells))
            rows = np.sort(rng.choice(len(self.cells), count, replace=False))
            sample = self.cells.images[rows]
            self._common = np.percentile(sample, LIMITS, axis=(0, 1, 2))
        return self._common[:, None, None, None]

    def _colored(self, scaled: np.ndarray, view: int) -> np.ndarray:
        """Protein green and marker magenta, or a channel in gray."""
        marker, composite = self.cells.marker, self.views[view] == COMPOSITE
        if composite and marker >= 0 and view == 0:
            return scaled[..., [marker, 0, marker]]
        return scaled[..., view - (marker >= 0)]


def scale_pixels(
    pixels: Shaped[np.ndarray, 'm h w c'], limits: Float[np.ndarray, '2 _ 1 1 c']
) -> UInt8[np.ndarray, 'm h w c']:
    """Pixels from black to white, without what lies beyond.

    Args:
        pixels: [m, h, w, c] of any number type.
        limits: Black and white of each channel [2, m or 1, 1, 1, c].
    """
    low, high = limits
    high = np.where(high > low, high, low + 1)
    scaled = np.clip((pixels.astype(np.float32) - low) / (high - low), 0, 1)
    return np.round(255 * scaled).astype(np.uint8)


def _png(pixels: np.ndarray) -> bytes:
    # Noise hardly shrinks: without a search for repeats it is as small, and faster.
    image = np.ascontiguousarray(pixels)
    return bytes(imagecodecs.png_encode(image, level=1, strategy=_HUFFMAN_ONLY))
