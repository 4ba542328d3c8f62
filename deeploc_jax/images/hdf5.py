"""Reads images in HDF5: a data set `image` or `images`."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import h5py
import numpy as np

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.hdf5_datasets import find_dataset, unwritten_rows
from deeploc_jax.images.hdf5_files import open_to_read
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.numpy_files import array_file

NAMES = ('image', 'images')
"""Names of a data set that holds images; the first one found is read."""


def open_hdf5(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens the data set `image` or `images` of a file.

    Args:
        path: Path of the file.
        resources: Stack that closes the file again.

    Raises:
        ImageError: There is none of these, they hold no images, or their values are
            not in this file.
    """
    return as_image_file(resources.enter_context(open_to_read(path)))


def as_image_file(file: h5py.File) -> ImageFile:
    """Presents the data set `image` or `images` of an open file as images.

    Raises:
        ImageError: See `open_hdf5`.
    """
    for name in NAMES:
        if has_name(file, name):
            return _stack_file(find_dataset(file, name))
    listed = ', '.join(file) or 'nothing'
    raise ImageError(f'no data set "image" or "images" in it; it has: {listed}')


def has_name(file: h5py.File, name: str) -> bool:
    """Whether something in the file has this name, be it a link that leads nowhere."""
    return file.get(name, getlink=True) is not None


def check_numbers(dataset: h5py.Dataset) -> None:
    """Raises an ImageError unless the data set holds plain numbers."""
    kind = dataset.dtype.kind
    if kind not in 'biufc':
        what = {'O': 'text or references', 'S': 'text', 'V': 'records'}.get(kind, kind)
        raise ImageError(f'{dataset.name} holds {what}, not plain numbers')


def _stack_file(dataset: h5py.Dataset) -> ImageFile:
    check_numbers(dataset)
    unwritten = set(unwritten_rows(dataset).tolist())
    file = array_file(dataset)

    def get(index: int | None) -> np.ndarray:
        if unwritten and (index is None or index in unwritten):
            raise ImageError('was never written to the file, or not all of it')
        return file.get(index)

    return dataclasses.replace(file, get=get)
