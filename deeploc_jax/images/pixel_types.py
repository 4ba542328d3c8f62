"""Which pixels a screen can store without loss, and in which type."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from deeploc_jax.images.image_file import ImageError

PIXEL_TYPES = ('uint8', 'uint16', 'float32', 'float64')
_EXACT = 2**53  # up to here float64 holds every integer


def check_pixels(image: np.ndarray) -> None:
    """Refuses pixels that are not finite, real, or storable in any of `PIXEL_TYPES`.

    Raises:
        ImageError: The message says why.
    """
    kind, size = image.dtype.kind, image.dtype.itemsize
    if kind not in 'buif' or (kind == 'f' and size > 8):
        raise ImageError(f'pixels of type {image.dtype} are not supported')
    if kind == 'f' and not np.isfinite(image).all():
        count = np.count_nonzero(~np.isfinite(image))
        raise ImageError(f'{count} pixel value(s) NaN or infinite')
    if kind in 'ui' and size == 8 and np.any((image > _EXACT) | (image < -_EXACT)):
        raise ImageError('pixel values beyond 2^53 cannot be stored exactly')


def stored_type(found: Iterable[np.dtype]) -> np.dtype:
    """The first of `PIXEL_TYPES` that holds all pixels of the types found exactly."""
    common = np.result_type(*found)
    return np.dtype(next(t for t in PIXEL_TYPES if np.can_cast(common, t, 'safe')))
