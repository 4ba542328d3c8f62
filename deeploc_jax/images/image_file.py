"""One image file: how many images it holds, and how to get one of them.

The images of a stack are read one at a time, so that it may be larger than memory.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

MAX_VALUES = 2**27
"""Values in one image; what a damaged header claims beyond is never allocated."""
SAVE_ONE = (
    'save one plane of each cell, or a projection. If they are channels, the file must '
    'say so: in ImageJ, Image > Properties'
)


class ImageError(ValueError):
    """An image cannot be used; the message says why, without the file name."""


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """An open file with one image or a stack of them.

    Attributes:
        shape: Shape of the whole file. Where the file declares its axes, its images
            are counted along the first and channels are last.
        get: The image of this number along the first axis, or with None the file.
        channel_names: Names of the channels in file order, () when not named.
        count: Number of images in a file that declares its axes. None otherwise; then
            an index says that the first axis counts images.
        stack: What the images of a declared stack are: 'focal planes (axis Z)'.
        elsewhere: Name of another file with further planes of this image, or ''.
        note: What is wrong with the file although it can be read, or ''.
        close: Closes the file.
    """

    shape: tuple[int, ...]
    get: Callable[[int | None], np.ndarray]
    channel_names: tuple[str, ...] = ()
    count: int | None = None
    stack: str = ''
    elsewhere: str = ''
    note: str = ''
    close: Callable[[], Any] = lambda: None

    def read(self, index: int | None = None) -> np.ndarray:
        """One image, two or three axes, as it lies in the file.

        Raises:
            ImageError: The index is out of range, or missing for a stack.
        """
        whole = self.count == 1 or self.count is None and self._is_one_image(index)
        count = 1 if whole else self.shape[0]
        if index is None and count != 1:
            raise ImageError(
                f'holds {count} images{f", {self.stack}" if self.stack else ""}; say '
                f'which one in a column "index", counted from 0'
                + (f', or {SAVE_ONE}' if self.stack else '')
            )
        if not 0 <= (index or 0) < count:
            raise ImageError(
                f'index {index} is out of range: the file holds {count} '
                f'image{"" if count == 1 else "s"}, counted from 0'
            )
        check_size(self.shape if whole else self.shape[1:])
        return self.get(None if whole else index or 0)

    def _is_one_image(self, index: int | None) -> bool:
        return len(self.shape) == 2 or (len(self.shape) == 3 and index is None)


def check_size(shape: tuple[int, ...]) -> None:
    """Raises an ImageError for an image too large to be of one cell."""
    if math.prod(shape) > MAX_VALUES:
        raise ImageError(f'an image of shape {shape} is too large for one cell')


def array_file(array: Any) -> ImageFile:
    """Anything with `shape` and first-axis indexing as a file of images.

    Raises:
        ImageError: It has fewer than two axes or more than four.
    """
    shape = tuple(array.shape)
    if not 2 <= len(shape) <= 4:
        raise ImageError(f'an array of shape {shape} holds no images')
    return ImageFile(shape, lambda n: np.array(array[... if n is None else n]))


def channels_last(image: np.ndarray, num_channels: int) -> np.ndarray:
    """[h, w], [h, w, c] or [c, h, w] as [h, w, c], where c is stated, not guessed.

    Raises:
        ImageError: Neither the last nor the first axis has `num_channels` entries.
    """
    if image.ndim == 2 and num_channels == 1:
        return image[:, :, None]
    if image.ndim == 3 and image.shape[-1] == num_channels:
        return image
    if image.ndim == 3 and image.shape[0] == num_channels:
        return np.moveaxis(image, 0, -1)
    words = 'one channel' if num_channels == 1 else f'{num_channels} channels'
    raise ImageError(f'the image has shape {image.shape}; expected {words}')
