"""The images of a prepared split: read as needed, or all at once."""

from __future__ import annotations

import concurrent.futures
from typing import Any

import numpy as np

from deeploc_jax.data.normalize import Normalize
from deeploc_jax.progress import progress_bar

_CHUNK = 256  # cells read and normalised at a time


class StreamedImages:
    """Normalised images of a split, read from disk when they are indexed.

    Stands in for the `images` array of `Cells` when a split is too large to hold.

    Args:
        source: A random-access TFDS data source.
        shape: [n, h, w, c].
        channels: Which channels of the source, [c].
        normalize: What is done to the pixels.
    """

    def __init__(
        self,
        source: Any,
        shape: tuple[int, ...],
        channels: list[int],
        normalize: Normalize,
    ):
        self.source = source
        self.shape = shape
        self.channels = channels
        self.normalize = normalize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        """Images of these rows, float32 [len(rows), h, w, c]."""
        if not len(rows):  # as of the cells unlike any other, where there is none
            return np.empty((0, *self.shape[1:]), np.float32)
        records = self.source.__getitems__([int(row) for row in rows])
        images = np.stack([record['image'][..., self.channels] for record in records])
        return self.normalize(images)


def load(images: StreamedImages) -> np.ndarray:
    """All of them in memory, decoded and normalised by threads."""
    loaded = _empty_aligned(images.shape)
    starts = range(0, len(images), _CHUNK)

    def load(start: int) -> None:
        rows = np.arange(start, min(start + _CHUNK, len(images)))
        loaded[rows[0] : rows[-1] + 1] = images[rows]

    with concurrent.futures.ThreadPoolExecutor() as pool:
        progress = pool.map(load, starts)
        for _ in progress_bar(progress, len(starts), 'normalise', unit='chunk'):
            pass
    return loaded


def _empty_aligned(shape: tuple[int, ...]) -> np.ndarray:
    """float32 memory on a 64-byte boundary, which JAX uses on CPUs without a copy."""
    size = 4 * int(np.prod(shape))
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(np.float32).reshape(shape)
