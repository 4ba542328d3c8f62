"""Turns what a user holds as images into plain arrays, or raises a clear error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_EXACT = 2**53  # up to here float64 holds every integer
_LARGEST = float(np.finfo(np.float32).max)


def as_images(images: Any) -> Any:
    """Images as something with a shape that can be indexed by rows.

    Arrays of any library, memory maps, HDF5 and zarr data sets are left as they are;
    lists and other sequences of images become one array.

    Raises:
        ValueError: They are no images, or of different shapes or types.
    """
    if isinstance(images, str | bytes | Path):
        raise ValueError(
            f'images is the text {str(images)!r}: open the file first, e.g. with '
            'numpy.load or tifffile.imread.'
        )
    if isinstance(images, Mapping):
        raise ValueError(
            f'images holds several arrays, by name: {", ".join(map(str, images))}. '
            "Pass one of them, images['<name>']."
        )
    if isinstance(images, np.ma.MaskedArray):
        return as_pixels(images)  # all masked pixels are counted at once
    if hasattr(images, 'shape'):
        return images
    try:
        rows = [as_pixels(image) for image in images]
    except TypeError:
        raise ValueError(f'images ({type(images).__name__}) are no images.') from None
    for number, row in enumerate(rows):
        for what in ('shape', 'dtype'):
            one, other = getattr(rows[0], what), getattr(row, what)
            if one != other:
                raise ValueError(
                    f'images[{number}] has {what} {other}, but images[0] {one}.'
                )
    return np.stack(rows) if rows else None


def as_pixels(images: Any) -> np.ndarray:
    """Pixels as an array of a type that NumPy computes with; booleans are 0 and 1.

    Raises:
        ValueError: Some are masked, no real numbers, or too large to be exact.
    """
    if isinstance(images, np.ma.MaskedArray):
        if masked := np.ma.count_masked(images):
            raise ValueError(
                f'The images have {masked:,} masked pixel(s). Say what stands in their '
                'place, images.filled(<value>), or leave these images out.'
            )
        images = images.data
    try:
        pixels = np.asarray(images)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f'images ({type(images).__name__}) cannot be read as a NumPy array: {error}'
        ) from None
    kind, size = pixels.dtype.kind, pixels.dtype.itemsize
    if kind not in 'buif':
        raise ValueError(
            f'Pixels must be real numbers, not {pixels.dtype}: convert them first, '
            "e.g. images.astype('float32')."
        )
    if kind in 'ui' and size == 8 and np.any((pixels > _EXACT) | (pixels < -_EXACT)):
        raise ValueError(f'Pixels of {pixels.dtype} beyond 2^53 are not exact.')
    if kind == 'b' or (kind == 'f' and size == 2):
        return pixels.astype(np.float32)  # of float16, percentiles would be coarse
    return pixels.astype(np.float64) if kind == 'f' and size > 8 else pixels


def check_finite(pixels: np.ndarray, numbers: np.ndarray) -> None:
    """Raises a ValueError that names the first image with NaN or an infinite pixel.

    Args:
        pixels: [m, h, w, c].
        numbers: Numbers of the images, [m].
    """
    if pixels.dtype.kind != 'f':
        return
    # NaN is not below the limit either; what float32 cannot hold becomes infinite.
    wrong = ~(np.abs(pixels) <= _LARGEST)
    if wrong.any():
        first = wrong.any(axis=(1, 2, 3)).argmax()
        raise ValueError(
            f'images[{numbers[first]}] has {wrong[first].sum():,} pixel(s) that are '
            'not finite (NaN or infinite).'
        )


def hint(shape: tuple[Any, ...], side: int, channels: int) -> str:
    """What to do about images of another shape than [n, side, side, channels]."""
    last, first = (side, side, channels), (channels, side, side)
    if shape == last:
        return ' One image alone: images[None].'
    if shape == first:
        return ' One image alone, channels first: np.moveaxis(images, 0, -1)[None].'
    if shape[1:] == first:
        return ' Channels come last: np.moveaxis(images, 1, -1).'
    if channels == 1 and shape[1:] == (side, side):
        return ' The channel needs an axis: images[..., None].'
    if any(size != size for size in shape):
        return ' A dask array of unknown length: images.compute_chunk_sizes().'
    if shape[1:3] == (side, side) and len(shape) == 4 and shape[3] < channels:
        return " Without a channel: deeploc_jax.load(..., without=['<channel>'])."
    if len(shape) == 1:
        return ' Images in a column: np.stack(list(images)).'
    return ''
