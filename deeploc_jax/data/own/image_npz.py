"""Images in an npz archive, one at a time, without inflating the whole array."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path
from types import EllipsisType

import numpy as np

from deeploc_jax.data.own.image_file import ImageError, ImageFile, array_file


def open_npz(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens the array `image` or `images` of an archive, or the only one in it.

    Args:
        path: The archive.
        resources: Closes it again.

    Raises:
        ImageError: There is no such array, or a checksum in the archive is wrong.
    """
    archive = resources.enter_context(zipfile.ZipFile(path))
    damaged = archive.testzip()
    if damaged is not None:
        raise ImageError(f'the checksum of its array {damaged!r} is wrong')
    return array_file(_NpzArray(archive, _find_array(archive.namelist())))


def _find_array(members: list[str]) -> str:
    for name in ('image.npy', 'images.npy'):
        if name in members:
            return name
    if len(members) != 1:
        found = ', '.join(name.removesuffix('.npy') for name in members) or 'nothing'
        raise ImageError(f'no array named "image" or "images" in it; it has: {found}')
    return members[0]


class _NpzArray:
    def __init__(self, archive: zipfile.ZipFile, name: str):
        self._stream = archive.open(name)
        version = np.lib.format.read_magic(self._stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        self.shape, fortran, self._dtype = read_header(self._stream)
        if self._dtype.hasobject:
            raise ImageError('holds Python objects, not numbers')
        if fortran:
            raise ImageError(
                'is in Fortran order; save it with np.ascontiguousarray(images)'
            )
        self._start = self._stream.tell()

    def __getitem__(self, index: int | EllipsisType) -> np.ndarray:
        shape = self.shape if index is ... else self.shape[1:]
        size = int(np.prod(shape)) * self._dtype.itemsize
        first = 0 if index is ... else index * size
        self._stream.seek(self._start + first)
        return np.frombuffer(self._stream.read(size), self._dtype).reshape(shape)
