"""The HDF5 layout of the DeepLoc release: numbered chunks of cells, 64x64 pixels each.

Row i of `data1`, `data2`, ... holds the planes of cell i, one after the other in C
order; the same row of `Index1`, `Index2`, ... holds its label.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import h5py
import numpy as np

from deeploc_jax.images import ImageError, ImageFile
from deeploc_jax.images.hdf5 import check_numbers
from deeploc_jax.images.hdf5_datasets import find_dataset, unwritten_rows

SIDE = 64
"""Height and width of every plane in pixels."""
PLANE = SIDE**2
"""Values of one channel of one cell."""


def data_names(file: h5py.File) -> list[str]:
    """Names of the chunks of pixels that the file has: `data1`, `data2`, ..."""
    return [name for name in file if re.fullmatch(r'data[1-9]\d*', name)]


def to_images(rows: np.ndarray, planes: Sequence[int] | None = None) -> np.ndarray:
    """Turns rows of a chunk into images.

    Args:
        rows: Planes of n cells, [n, P * 4096].
        planes: Plane that becomes channel 0, 1, ...; None keeps all in their order.

    Returns:
        The images, [n, 64, 64, C].
    """
    stack = rows.reshape(len(rows), -1, SIDE, SIDE)
    stack = stack if planes is None else stack[:, list(planes)]
    return stack.transpose(0, 2, 3, 1)


def as_image_file(file: h5py.File) -> ImageFile:
    """Presents the cells of a file in this layout as one stack of images.

    Raises:
        ImageError: A chunk is missing or does not hold rows of whole planes.
    """
    chunks = _find_chunks(file)
    ends = np.cumsum([len(chunk) for chunk in chunks])
    unwritten = [set(unwritten_rows(chunk).tolist()) for chunk in chunks]

    def get(index: int | None) -> np.ndarray:
        row = index or 0  # a stack of one image is read without an index
        chunk = int(np.searchsorted(ends, row, side='right'))
        row -= int(ends[chunk]) - len(chunks[chunk])
        if row in unwritten[chunk]:
            raise ImageError(f'row {row} of data{chunk + 1} was never written')
        return to_images(chunks[chunk][row : row + 1])[0]

    return ImageFile((int(ends[-1]), SIDE, SIDE, chunks[0].shape[1] // PLANE), get)


def _find_chunks(file: h5py.File) -> list[h5py.Dataset]:
    names = data_names(file)
    chunks = []
    for number in range(1, len(names) + 1):
        if f'data{number}' not in names:
            raise ImageError(f'has no data{number}, only {", ".join(names)}')
        chunks.append(find_dataset(file, f'data{number}'))
        check_numbers(chunks[-1])
    widths = [math.prod(chunk.shape[1:]) for chunk in chunks]
    flat = all(chunk.ndim == 2 for chunk in chunks)
    if not flat or not widths[0] or widths[0] % PLANE or len(set(widths)) > 1:
        shapes = ', '.join(str(chunk.shape) for chunk in chunks)
        raise ImageError(
            f'data of shape {shapes} are not rows of whole planes of {PLANE} pixels'
        )
    return chunks
