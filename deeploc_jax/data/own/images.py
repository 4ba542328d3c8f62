"""Image files of a user's own screen, opened by suffix and kept open for a while."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np

from deeploc_jax.data.own.image_file import (
    ImageError,
    ImageFile,
    array_file,
    channels_last,
)
from deeploc_jax.data.own.image_hdf5 import open_hdf5
from deeploc_jax.data.own.image_npz import open_npz
from deeploc_jax.data.own.image_tiff import open_tiff


class ImageReader:
    """Opens image files and keeps the last few open.

    Rows that are read in the order of their files open each file once.

    Args:
        capacity: Number of files kept open.
    """

    def __init__(self, capacity: int = 8):
        self.capacity = capacity
        self._files: collections.OrderedDict[Path, ImageFile | ImageError]
        self._files = collections.OrderedDict()

    def __enter__(self) -> ImageReader:
        return self

    def __exit__(self, *error: object) -> None:
        while self._files:
            self._drop_oldest()

    def open(self, path: Path) -> ImageFile:
        """The open file; a file that could not be opened is not tried again.

        Raises:
            ImageError: It is missing, unreadable or of an unknown kind.
        """
        if path not in self._files:
            while len(self._files) >= self.capacity:
                self._drop_oldest()
            try:
                self._files[path] = open_image_file(path)
            except ImageError as error:
                self._files[path] = error
        self._files.move_to_end(path)
        file = self._files[path]
        if isinstance(file, ImageError):
            raise ImageError(str(file))
        return file

    def read(self, path: Path, index: int | None, num_channels: int) -> np.ndarray:
        """One image [h, w, c] with `num_channels` channels, in file order.

        Raises:
            ImageError: It cannot be read, or has another number of channels.
        """
        file = self.open(path)
        with _as_image_error():
            return channels_last(file.read(index), num_channels)

    def _drop_oldest(self) -> None:
        _, file = self._files.popitem(last=False)
        if isinstance(file, ImageFile):
            file.close()


def open_image_file(path: Path) -> ImageFile:
    """Opens an image file by its suffix.

    Raises:
        ImageError: It is missing, unreadable, truncated or of an unknown kind.
    """
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        known = ', '.join(_OPENERS)
        raise ImageError(f'unknown kind of image {path.suffix!r}; known are {known}')
    if not path.is_file():
        raise ImageError('is a folder' if path.is_dir() else 'no such file')
    with _as_image_error(), contextlib.ExitStack() as resources:
        file = opener(path, resources)
        return dataclasses.replace(file, close=resources.pop_all().close)


@contextlib.contextmanager
def _as_image_error() -> Iterator[None]:
    """Decoders raise what they like on a damaged file; one row is one reason."""
    try:
        yield
    except ImageError:
        raise
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ImageError(f'damaged or unreadable: {reason}') from error


def _open_png(path: Path, _: contextlib.ExitStack) -> ImageFile:
    data = path.read_bytes()
    if b'IEND' not in data:  # the decoder forgives a missing end
        raise ImageError('truncated: the end of the PNG is missing')
    return array_file(imagecodecs.png_decode(data))


def _open_npy(path: Path, _: contextlib.ExitStack) -> ImageFile:
    return array_file(np.load(path, mmap_mode='r', allow_pickle=False))


_OPENERS: dict[str, Callable[[Path, contextlib.ExitStack], ImageFile]] = {
    '.tif': open_tiff,
    '.tiff': open_tiff,
    '.png': _open_png,
    '.npy': _open_npy,
    '.npz': open_npz,
    '.hdf5': open_hdf5,
    '.h5': open_hdf5,
}
