"""Images in HDF5: a dataset of images, or the layout of the DeepLoc release."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from deeploc_jax.data.own.image_file import ImageError, ImageFile, array_file

_EDGE = 64  # of the planes in the release, pixels


def open_hdf5(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens the dataset `image` or `images` of a file, or else `data1`, `data2`, ...

    Args:
        path: The file.
        resources: Closes it again.

    Raises:
        ImageError: It has none of these, or they are no images.
    """
    file = resources.enter_context(h5py.File(path, 'r'))
    for name in ('image', 'images'):
        if name in file:
            return array_file(file[name])
    if 'data1' in file:
        return _release_file(file)
    found = ', '.join(file) or 'nothing'
    raise ImageError(f'no dataset "image", "images" or "data1"; it has: {found}')


def _release_file(file: h5py.File) -> ImageFile:
    """Numbered chunks of rows with one 64x64 plane after the other."""
    chunks = _release_chunks(file)
    ends = np.cumsum([len(chunk) for chunk in chunks])
    planes = chunks[0].shape[1] // _EDGE**2

    def get(index: int | None) -> np.ndarray:
        row = index or 0  # no index is asked for where there is one image
        chunk = int(np.searchsorted(ends, row, side='right'))
        pixels = chunks[chunk][row - ends[chunk]]  # counted from the chunk's end
        return np.moveaxis(pixels.reshape(planes, _EDGE, _EDGE), 0, -1)

    return ImageFile((int(ends[-1]), _EDGE, _EDGE, planes), get)


def _release_chunks(file: h5py.File) -> list[Any]:
    chunks: list[Any] = []
    while f'data{len(chunks) + 1}' in file:
        chunks.append(file[f'data{len(chunks) + 1}'])
    widths = [chunk.shape[1] for chunk in chunks]
    if widths[0] % _EDGE**2 or len(set(widths)) > 1:
        raise ImageError(
            f'rows of {", ".join(map(str, widths))} pixels are not whole planes of '
            f'{_EDGE**2}'
        )
    return chunks
