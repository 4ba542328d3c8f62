"""The types in which pixels are stored without loss, and pixels that fit none."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from deeploc_jax.images.errors import ImageError

PIXEL_TYPES = ('uint8', 'uint16', 'float32', 'float64')
_EXACT = 2**53  # float64 holds every integer up to here


def check_pixels(image: np.ndarray) -> None:
    """Refuses pixels that no type of `PIXEL_TYPES` can store.

    Raises:
        ImageError: Pixels are NaN, infinite, complex or too large.
    """
    kind, size = image.dtype.kind, image.dtype.itemsize
    if kind not in 'buif' or (kind == 'f' and size > 8):
        raise ImageError(f'pixels of type {image.dtype} are not supported')
    if kind == 'f' and not np.isfinite(image).all():
        count = np.count_nonzero(~np.isfinite(image))
        raise ImageError(f'{count} pixel value(s) are NaN or infinite')
    if kind in 'ui' and size == 8 and np.any((image > _EXACT) | (image < -_EXACT)):
        raise ImageError('pixel values beyond 2^53 cannot be stored exactly')


def stored_type(pixel_types: Iterable[np.dtype]) -> np.dtype:
    """The first of `PIXEL_TYPES` that holds every value of the given types exactly."""
    common = np.result_type(*pixel_types)
    return np.dtype(next(t for t in PIXEL_TYPES if np.can_cast(common, t, 'safe')))
