"""Image files of a user's own screen, kept open for a while."""

from __future__ import annotations

import collections
from pathlib import Path

import numpy as np

from deeploc_jax.images.errors import as_image_error
from deeploc_jax.images.image_file import ImageError, ImageFile, channels_last
from deeploc_jax.images.kinds import open_image_file

_FEW = 8


class ImageReader:
    """Opens image files and keeps the last few open.

    Rows that are read in the order of their files open each file once.

    Args:
        capacity: Number of files kept open.
    """

    def __init__(self, capacity: int = _FEW):
        self.capacity = capacity
        self._files: collections.OrderedDict[Path, ImageFile | str]  # or why not
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
                self._files[path] = str(error)
        self._files.move_to_end(path)
        file = self._files[path]
        if isinstance(file, str):
            raise ImageError(file)
        return file

    def read(self, path: Path, index: int | None, num_channels: int) -> np.ndarray:
        """One image [h, w, c] with `num_channels` channels, in file order.

        Raises:
            ImageError: It cannot be read, or has another number of channels.
        """
        file = self.open(path)
        with as_image_error(path):
            return channels_last(file.read(index), num_channels)

    def _drop_oldest(self) -> None:
        _, file = self._files.popitem(last=False)
        if isinstance(file, ImageFile):
            file.close()


def capacity_for(channels: int) -> int:
    """How many files to keep open where a row may have one for each channel.

    With fewer, each row would open all of its stacks anew.
    """
    return max(_FEW, channels)
