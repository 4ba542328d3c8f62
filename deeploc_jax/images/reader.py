"""Reading the many image files of a table, of which a few are kept open."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.formats import OPENERS, Opener, open_image
from deeploc_jax.images.image_file import ImageFile


class ImageReader:
    """Opens image files and keeps the last few open; a context manager.

    Images that are read in the order of their files open each file once.

    Args:
        capacity: Number of files kept open. Where an image has a file for each
            channel, fewer files than channels would be opened anew for each image.
        openers: Functions that open a file, by suffix.

    Raises:
        ValueError: The capacity is less than 1.
    """

    def __init__(self, capacity: int = 8, openers: Mapping[str, Opener] = OPENERS):
        if capacity < 1:
            raise ValueError(
                f'capacity {capacity} is too small: it must be at least 1.'
            )
        self.capacity = capacity
        self.openers = openers
        # A file, or why it could not be opened.
        self._files: collections.OrderedDict[Path, ImageFile | str]
        self._files = collections.OrderedDict()

    def __enter__(self) -> ImageReader:
        return self

    def __exit__(self, *error: object) -> None:
        while self._files:
            self._drop_oldest()

    def open(self, path: Path) -> ImageFile:
        """Opens a file; one that could not be opened is not tried again.

        Raises:
            ImageError: The file is missing, unreadable or of an unknown kind.
        """
        if path not in self._files:
            while len(self._files) >= self.capacity:
                self._drop_oldest()
            try:
                self._files[path] = open_image(path, self.openers)
            except ImageError as error:
                self._files[path] = str(error)
        self._files.move_to_end(path)
        file = self._files[path]
        if isinstance(file, str):
            raise ImageError(file)
        return file

    def read(
        self, path: Path, index: int | None = None, num_channels: int | None = None
    ) -> np.ndarray:
        """Reads one image, see `ImageFile.read`.

        Returns:
            The image [h, w, c] with `num_channels` channels, in file order.

        Raises:
            ImageError: It cannot be read, or has another number of channels.
        """
        return self.open(path).read(index, num_channels)

    def read_plane(
        self,
        path: Path,
        channel: int,
        index: int | None = None,
        num_channels: int | None = None,
    ) -> np.ndarray:
        """Reads one channel of an image, [h, w], see `ImageFile.read_plane`.

        Raises:
            ImageError: It cannot be read, or has another number of channels.
        """
        return self.open(path).read_plane(channel, index, num_channels)

    def _drop_oldest(self) -> None:
        _, file = self._files.popitem(last=False)
        if isinstance(file, ImageFile):
            file.close()
