"""One image file: how many images it holds, and how to get one of them.

The images of a stack are read one at a time, so that it may be larger than memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np


class ImageError(ValueError):
    """An image cannot be used; the message says why, without the file name."""


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """An open file with one image or a stack of them.

    Attributes:
        shape: Shape of the whole file. Channels that the file itself declares are
            last.
        get: The image of this number along the first axis, or with None the file.
        channel_names: Names of the channels in file order, () when not named.
        single: The file declares its axes and holds one image. Otherwise an index
            says that the first axis counts images.
        close: Closes the file.
    """

    shape: tuple[int, ...]
    get: Callable[[int | None], np.ndarray]
    channel_names: tuple[str, ...] = ()
    single: bool = False
    close: Callable[[], Any] = lambda: None

    def read(self, index: int | None = None) -> np.ndarray:
        """One image, two or three axes, as it lies in the file.

        Raises:
            ImageError: The index is out of range, or missing for a stack.
        """
        if index is None and len(self.shape) == 4:
            index = self._only_index()
        if index is None:
            return self.get(None)
        single = self.single or len(self.shape) == 2
        count = 1 if single else self.shape[0]
        if not 0 <= index < count:
            raise ImageError(
                f'index {index} is out of range: the file holds {count} '
                f'image{"s" if count > 1 else ""}, counted from 0'
            )
        return self.get(None if single else index)

    def _only_index(self) -> int:
        if self.shape[0] != 1:
            raise ImageError(
                f'holds {self.shape[0]} images; say which one in a column "index"'
            )
        return 0


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
