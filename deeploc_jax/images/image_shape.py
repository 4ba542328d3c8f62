"""Shapes of images: how large one may be, and which axis counts its channels."""

from __future__ import annotations

import math

import numpy as np

from deeploc_jax.images.errors import ImageError

MAX_VALUES = 2**27
"""Most values that are read at once; a damaged header may claim any number."""


def check_size(shape: tuple[int, ...]) -> None:
    """Raises an ImageError for a shape that only a damaged header can have."""
    if math.prod(shape) > MAX_VALUES:
        raise ImageError(
            f'an image of shape {shape} is too large: at most {MAX_VALUES:,} values '
            'are read at once'
        )


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
