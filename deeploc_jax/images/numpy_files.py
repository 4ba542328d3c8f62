"""Reads images in npy files and npz archives, one at a time."""

from __future__ import annotations

import contextlib
import math
import zipfile
from pathlib import Path
from types import EllipsisType
from typing import IO, Any

import numpy as np

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.image_shape import MAX_VALUES


def open_npy(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens the array of an npy file.

    Args:
        path: Path of the file.
        resources: Stack that closes the file again.

    Raises:
        ImageError: The file is truncated, or holds no numbers.
    """
    # Not mapped into memory: a file that shrinks would end the process.
    stream = resources.enter_context(path.open('rb'))
    return array_file(_Array(stream, path.stat().st_size))


def open_npz(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens the array `image` or `images` of an archive, or the only one in it.

    Args:
        path: Path of the archive.
        resources: Stack that closes the archive again.

    Raises:
        ImageError: There is no such array, or a checksum in the archive is wrong.
    """
    archive = resources.enter_context(zipfile.ZipFile(path))
    member = archive.getinfo(_find_array(archive.namelist()))
    damaged = archive.testzip()
    if damaged is not None:
        raise ImageError(f'the checksum of its array {damaged!r} is wrong')
    stream = resources.enter_context(archive.open(member))
    return array_file(_Array(stream, member.file_size))


def array_file(array: Any) -> ImageFile:
    """Makes a file of images from anything with `shape` and first-axis indexing.

    Raises:
        ImageError: It has fewer than two axes or more than four.
    """
    shape = tuple(array.shape)
    if not 2 <= len(shape) <= 4:
        raise ImageError(f'an array of shape {shape} holds no images')
    return ImageFile(shape, lambda n: np.array(array[... if n is None else n]))


def _find_array(members: list[str]) -> str:
    for name in ('image.npy', 'images.npy'):
        if name in members:
            return name
    if len(members) != 1:
        listed = ', '.join(name.removesuffix('.npy') for name in members) or 'nothing'
        raise ImageError(f'no array named "image" or "images" in it; it has: {listed}')
    return members[0]


class _Array:
    """The array in an open npy stream of `size` bytes, read image by image."""

    def __init__(self, stream: IO[bytes], size: int):
        self._stream = stream
        version = np.lib.format.read_magic(stream)
        # Version 3 differs from 2 only in the encoding of field names.
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
            (3, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise ImageError(f'is npy of version {version}; known are 1, 2 and 3')
        self.shape, self._fortran, self._dtype = read_header(stream)
        _check_numbers(self._dtype)
        self._start = stream.tell()
        self._whole: np.ndarray | None = None
        needed = self._start + math.prod(self.shape) * self._dtype.itemsize
        if needed > size or min(self.shape, default=0) < 0:
            raise ImageError(
                f'truncated: an array of shape {self.shape} and type {self._dtype} '
                f'needs {needed} bytes, but there are {size}'
            )

    def __getitem__(self, index: int | EllipsisType) -> np.ndarray:
        if self._fortran:  # an image is scattered over all of it
            return self._read_fortran()[index]
        shape = self.shape if index is ... else self.shape[1:]
        return self._read(shape, 0 if index is ... else index)

    def _read_fortran(self) -> np.ndarray:
        if self._whole is None:
            if math.prod(self.shape) > MAX_VALUES:
                raise ImageError(
                    'is in Fortran order, which is read as a whole, and too large for '
                    'that; save it with np.ascontiguousarray(images)'
                )
            self._whole = self._read(self.shape[::-1], 0).T
        return self._whole

    def _read(self, shape: tuple[int, ...], index: int) -> np.ndarray:
        size = math.prod(shape) * self._dtype.itemsize
        self._stream.seek(self._start + index * size)
        return np.frombuffer(self._stream.read(size), self._dtype).reshape(shape)


def _check_numbers(dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise ImageError('holds Python objects, not numbers')
    if dtype.names or dtype.kind not in 'buifc':
        raise ImageError(
            f'holds values of type {dtype}, not numbers; save a plain array of shape '
            '(images, height, width, channels)'
        )
