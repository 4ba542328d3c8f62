"""An open image file: how many images it holds, and how to read one of them.

The images of a stack are read one at a time, so that it may be larger than memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from deeploc_jax.images.errors import ImageError, IndexNeededError
from deeploc_jax.images.image_place import SERIES, ImagePlace
from deeploc_jax.images.image_shape import channels_last, check_size

SAVE_ONE = (
    'save one of its planes, or a projection. If they are channels, the file must say '
    'so: in ImageJ, Image > Properties'
)


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """An open file with one image or a stack of images; a context manager.

    Attributes:
        shape: Shape of the whole file: [n, h, w, c] for a stack with channels, [h, w]
            for a single grey image. Where the file does not declare its axes, they
            are in the order in which they are stored.
        get: Function from an index along the first axis, or None, to the image there,
            or the whole file.
        get_channel: Function from the index and a channel to one plane [h, w]; None
            where the planes of an image cannot be read apart.
        channel_names: Names of the channels in file order, () when not named.
        pixel_size: Height and width of a pixel in micrometers, None when unknown.
        count: Number of images in a file that declares its axes. None otherwise; then
            a caller that gives an index says that the first axis counts images.
        stack: What a declared stack consists of: 'focal planes (axis Z)', or `SERIES`.
        places: Place on a plate of each image, () when the file does not say it.
        other_file: Name of another file with further planes of this image, or ''.
        fault: What is wrong with a file that can be read all the same, or ''.
        close: Function that closes the file.
    """

    shape: tuple[int, ...]
    get: Callable[[int | None], np.ndarray]
    get_channel: Callable[[int | None, int], np.ndarray] | None = None
    channel_names: tuple[str, ...] = ()
    pixel_size: tuple[float, float] | None = None
    count: int | None = None
    stack: str = ''
    places: tuple[ImagePlace, ...] = ()
    other_file: str = ''
    fault: str = ''
    close: Callable[[], Any] = lambda: None

    def __enter__(self) -> ImageFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def num_channels(self) -> int | None:
        """Number of channels where the file declares its axes, None otherwise."""
        if self.count is None:
            return 1 if len(self.shape) == 2 else None
        axes = 2 if self.count == 1 else 3
        return self.shape[-1] if len(self.shape) > axes else 1

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of an image where the file declares its axes, or None."""
        if self.num_channels is None or self.count is None and len(self.shape) > 2:
            return None
        axes = 2 if self.count in (1, None) else 3
        height, width, *_ = self.shape[axes - 2 :]
        return height, width

    def read(
        self, index: int | None = None, num_channels: int | None = None
    ) -> np.ndarray:
        """Reads one image, [h, w, c] in the channel order of the file.

        Args:
            index: Index of the image in a stack, counted from 0.
            num_channels: Number of channels that the image must have. It is needed
                where the file does not declare its axes.

        Raises:
            IndexNeededError: The file is a stack and no index is given.
            ImageError: The index is out of range, the channels are not as stated, or
                the pixels are damaged.
        """
        place = self.find_place(index)
        check_size(self.shape if place is None else self.shape[1:])
        return channels_last(self.get(place), self._count_channels(num_channels))

    def read_plane(
        self, channel: int, index: int | None = None, num_channels: int | None = None
    ) -> np.ndarray:
        """Reads one channel of an image, [h, w].

        The other channels are not read, unless they are interleaved with this one.

        Args:
            channel: Number of the channel, counted from 0.
            index: As in `read`.
            num_channels: As in `read`.

        Raises:
            IndexNeededError: The file is a stack and no index is given.
            ImageError: Index or channel is out of range, the channels are not as
                stated, or the pixels are damaged.
        """
        channels = self._count_channels(num_channels)
        if not 0 <= channel < channels:
            raise ImageError(
                f'channel {channel} is out of range: the image has {channels}, counted '
                'from 0'
            )
        place = self.find_place(index)
        if self.get_channel and channels == self.num_channels:
            check_size(self.shape[-3:-1])
            return self.get_channel(place, channel)
        if place is None and self.count is None and self._starts_with(channels):
            check_size(self.shape[1:])
            return self.get(channel)
        return self.read(index, channels)[..., channel]

    def find_place(self, index: int | None) -> int | None:
        """The index along the first axis; None where the file is a single image.

        Raises:
            IndexNeededError: The file is a stack and no index is given.
            ImageError: The index is out of range.
        """
        axes = len(self.shape)
        undeclared = axes == 2 or (axes == 3 and index is None)
        single = self.count == 1 or (self.count is None and undeclared)
        count = 1 if single else self.shape[0]
        if index is None and count != 1:
            raise IndexNeededError(
                f'holds {count} images{f", {self.stack}" if self.stack else ""}; give '
                'the index of one of them, counted from 0'
                + (f', or {SAVE_ONE}' if self.stack not in ('', SERIES) else '')
            )
        if not 0 <= (index or 0) < count:
            raise ImageError(
                f'index {index} is out of range: the file holds {count} '
                f'image{"" if count == 1 else "s"}, counted from 0'
            )
        return None if single else index or 0

    def _count_channels(self, stated: int | None) -> int:
        channels = stated or self.num_channels
        if channels is None:
            raise ImageError(
                f'does not say which of its axes {self.shape} counts channels; state '
                'the number of channels'
            )
        return channels

    def _starts_with(self, num_channels: int) -> bool:
        """Whether the whole file is one image [c, h, w]."""
        first, *_, last = self.shape
        return len(self.shape) == 3 and first == num_channels != last
