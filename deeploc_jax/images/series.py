"""Presents images that are apart as the stack of one file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.image_place import SERIES


def stack_series(images: Sequence[ImageFile]) -> ImageFile:
    """One file that holds several images, of which one is read at a time.

    Args:
        images: Single images of one open file; the first one says what all have in
            common.

    Raises:
        ImageError: They differ in shape, or one of them is a stack itself.
    """
    first = images[0]
    shapes = list(dict.fromkeys(image.shape for image in images))
    if len(shapes) > 1 or any(image.count != 1 for image in images):
        raise ImageError(
            f'holds {len(images)} series of images, of shape '
            f'{" and ".join(map(str, shapes[:3]))}; save each as its own file'
        )

    def get(index: int | None) -> np.ndarray:
        return images[index or 0].get(None)

    def get_channel(index: int | None, channel: int) -> np.ndarray:
        read = images[index or 0].get_channel
        assert read is not None
        return read(None, channel)

    return dataclasses.replace(
        first,
        shape=(len(images), *first.shape),
        get=get,
        get_channel=get_channel if first.get_channel else None,
        count=len(images),
        stack=SERIES,
    )
