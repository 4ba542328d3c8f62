"""Reads the images of a prepared split, as needed or all at once."""

from __future__ import annotations

import concurrent.futures
from typing import Any

import numpy as np

from deeploc_jax.data.normalize import Normalize
from deeploc_jax.progress import progress_bar
from deeploc_jax.types import Images

_CHUNK = 256  # cells read and normalized at a time


class StreamedImages:
    """Normalized images of a split, read from disk when they are indexed.

    They take the place of the `images` array of `Cells` when a split does not fit into
    memory.

    Args:
        source: Random-access TFDS data source.
        shape: Shape [n, h, w, c] of all images.
        channels: Indices of the wanted channels in the source, [c].
        normalize: Function that normalizes the pixels.
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
        if not len(rows):  # the data source cannot read nothing
            return np.empty((0, *self.shape[1:]), np.float32)
        records = self.source.__getitems__([int(row) for row in rows])
        images = np.stack([record['image'][..., self.channels] for record in records])
        return self.normalize(images)


class FirstChannel:
    """The first channel alone of images, in memory or on disk.

    Args:
        images: Images [n, h, w, c].
    """

    def __init__(self, images: Images):
        self.images = images
        self.shape = (*images.shape[:3], 1)

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        """Images of these rows, float32 [len(rows), h, w, 1]."""
        return self.images[rows][..., :1]


def load(images: StreamedImages) -> np.ndarray:
    """Reads all images into memory; threads decode and normalize them."""
    loaded = _empty_aligned(images.shape)
    starts = range(0, len(images), _CHUNK)

    def load_chunk(start: int) -> None:
        rows = np.arange(start, min(start + _CHUNK, len(images)))
        loaded[rows[0] : rows[-1] + 1] = images[rows]

    with concurrent.futures.ThreadPoolExecutor() as pool:
        progress = pool.map(load_chunk, starts)
        for _ in progress_bar(progress, len(starts), 'normalize', unit='chunk'):
            pass
    return loaded


def _empty_aligned(shape: tuple[int, ...]) -> np.ndarray:
    """float32 memory on a 64-byte boundary, which JAX uses on CPUs without a copy."""
    size = 4 * int(np.prod(shape))
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(np.float32).reshape(shape)
