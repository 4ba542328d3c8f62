"""Images in HDF5: a dataset of images, or the layout of the DeepLoc release."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from pathlib import Path

import h5py
import numpy as np

from deeploc_jax.images.hdf5_datasets import (
    StorageError,
    find_dataset,
    release_parts,
    unwritten_rows,
)
from deeploc_jax.images.hdf5_files import open_to_read
from deeploc_jax.images.image_file import ImageError, ImageFile, array_file

_EDGE = 64  # of the planes in the release, pixels


def open_hdf5(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens the dataset `image` or `images` of a file, or else `data1`, `data2`, ...

    Args:
        path: The file.
        resources: Closes it again.

    Raises:
        ImageError: It has none of these, they are no images, or their values are not
            in this file.
    """
    try:
        file = resources.enter_context(open_to_read(path))
        for name in ('image', 'images'):
            if file.get(name, getlink=True) is not None:
                return _stack_file(find_dataset(file, name))
        if 'data1' in set(file):
            return _release_file(file)
    except StorageError as error:
        raise ImageError(str(error)) from error
    found = ', '.join(file) or 'nothing'
    raise ImageError(f'no dataset "image", "images" or "data1"; it has: {found}')


def _stack_file(dataset: h5py.Dataset) -> ImageFile:
    _check_numbers(dataset)
    unwritten = set(unwritten_rows(dataset).tolist())
    file = array_file(dataset)

    def get(index: int | None) -> np.ndarray:
        if unwritten and (index is None or index in unwritten):
            raise ImageError('was never written to the file, or not all of it')
        return file.get(index)

    return dataclasses.replace(file, get=get)


def _release_file(file: h5py.File) -> ImageFile:
    """Numbered chunks of rows with one 64x64 plane after the other."""
    chunks = _release_chunks(file)
    ends = np.cumsum([len(chunk) for chunk in chunks])
    unwritten = [set(unwritten_rows(chunk).tolist()) for chunk in chunks]
    planes = chunks[0].shape[1] // _EDGE**2

    def get(index: int | None) -> np.ndarray:
        row = index or 0  # no index is asked for where there is one image
        chunk = int(np.searchsorted(ends, row, side='right'))
        row -= int(ends[chunk]) - len(chunks[chunk])
        if row in unwritten[chunk]:
            raise ImageError(f'row {row} of data{chunk + 1} was never written')
        pixels = chunks[chunk][row]
        return np.moveaxis(pixels.reshape(planes, _EDGE, _EDGE), 0, -1)

    return ImageFile((int(ends[-1]), _EDGE, _EDGE, planes), get)


def _release_chunks(file: h5py.File) -> list[h5py.Dataset]:
    names = release_parts(file)
    chunks = []
    for number in range(1, len(names) + 1):
        if f'data{number}' not in names:
            raise ImageError(f'has no data{number}, only {", ".join(names)}')
        chunks.append(find_dataset(file, f'data{number}'))
        _check_numbers(chunks[-1])
    widths = [math.prod(chunk.shape[1:]) for chunk in chunks]
    flat = all(chunk.ndim == 2 for chunk in chunks)
    if not flat or not widths[0] or widths[0] % _EDGE**2 or len(set(widths)) > 1:
        shapes = ', '.join(str(chunk.shape) for chunk in chunks)
        raise ImageError(
            f'data of shape {shapes} are not rows of whole planes of {_EDGE**2} pixels'
        )
    return chunks


def _check_numbers(dataset: h5py.Dataset) -> None:
    kind = dataset.dtype.kind
    if kind not in 'biufc':
        what = {'O': 'text or references', 'S': 'text', 'V': 'records'}.get(kind, kind)
        raise ImageError(f'{dataset.name} holds {what}, not plain numbers')
