"""Normalizes the pixels of single-cell crops before a network sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Real

from deeploc_jax.lookup import lookup

Normalize = Callable[[np.ndarray], np.ndarray]
"""Function from raw images [n, h, w, c] to float32 of the same shape."""

PERCENTILES = (0.1, 99.9)
"""Percentiles that become 0 and 1 (Kraus et al. 2017, Training DeepLoc)."""


def make_normalize(name: str, white_level: float | None = None) -> Normalize:
    """Looks up a normalization.

    Args:
        name: Key of `NORMALIZATIONS`.
        white_level: Pixel value that `unit` maps to 1. The default is the largest
            value of the pixels' type, see `unit_normalize`.

    Raises:
        ValueError: There is no such normalization, it takes no white level, or the
            white level is not above 0.
    """
    normalize = lookup('normalization', name, NORMALIZATIONS)
    if white_level is None:
        return normalize
    if name != 'unit':
        raise ValueError(
            f'white_level ({white_level:g}) is only used with normalization unit, but '
            f'here it is {name}: leave white_level out.'
        )
    if not 0 < white_level < np.inf:
        raise ValueError(f'white_level ({white_level}) must be a number above 0.')
    return partial(unit_normalize, white_level=white_level)


def check_augmentation(name: str, augmentation: Mapping[str, Any]) -> None:
    """Raises a ValueError for augmentations that this normalization does not allow."""
    allowing = {'gamma': ('percentile', 'unit'), 'noise': ('percentile', 'unit')}
    # Afterwards cells are scaled again, each to its own range.
    allowing |= dict.fromkeys(('zoom', 'blur', 'bleed', 'saturation'), ('percentile',))
    for field, allowed in allowing.items():
        if augmentation.get(field) and name not in allowed:
            raise ValueError(
                f'augmentation.{field} needs another normalization than {name}: '
                f'{" or ".join(allowed)}.'
            )


def percentile_normalize(
    images: Real[np.ndarray, 'n h w c'],
) -> Float32[np.ndarray, 'n h w c']:
    """Scales each cell and channel to [0, 1], saturating both 0.1 % tails.

    The percentiles are those of the whole plane, before any crop. Inputs that are in
    [0, 1] already are scaled like any other; a constant plane becomes zeros.

    Args:
        images: Images [n, h, w, c] of any integer or float type.

    Returns:
        Images, float32 [n, h, w, c].

    References:
        Kraus et al. 2017, Mol. Syst. Biol. 13:924, Materials and Methods.
    """
    return np.clip(between_percentiles(images), 0, 1).astype(np.float32)


def between_percentiles(
    images: Real[np.ndarray, 'n h w c'],
) -> Float64[np.ndarray, 'n h w c']:
    """Brings the percentiles of each cell and channel to 0 and 1, clipping nothing.

    Args:
        images: Images [n, h, w, c] of any integer or float type.

    Returns:
        Images, float64 [n, h, w, c]; a constant plane becomes zeros.
    """
    n, h, w, c = images.shape
    planes = images.reshape(n, h * w, c)
    low, high = np.percentile(planes, PERCENTILES, axis=1, keepdims=True)
    constant = high <= low
    scaled = (planes - low) / np.where(constant, 1, high - low)
    return np.where(constant, 0.0, scaled).reshape(n, h, w, c)


def unit_normalize(
    images: Real[np.ndarray, 'n h w c'], white_level: float | None = None
) -> Float32[np.ndarray, 'n h w c']:
    """Divides all pixels by one number and clips to [0, 1], which keeps brightness.

    Args:
        images: Images [n, h, w, c] of any integer or float type.
        white_level: Pixel value that becomes 1. The default is 255 for uint8, 65535
            for uint16 and 1 for floats in [0, 1].

    Returns:
        Images, float32 [n, h, w, c].

    Raises:
        ValueError: Pixels of another type or range need the white level stated.

    References:
        Parnamaa & Parts 2017, whose release divides pixels of 8 bits by 255.
    """
    white = white_level_of(images) if white_level is None else white_level
    return np.clip(images / np.float64(white), 0, 1).astype(np.float32)


def white_level_of(images: np.ndarray) -> float:
    """The pixel value of white, where the type of the pixels implies it.

    Raises:
        ValueError: It does not follow from the type.
    """
    if images.dtype.kind == 'u' and images.dtype.itemsize <= 2:
        return float(np.iinfo(images.dtype).max)
    low, high = (images.min(), images.max()) if images.size else (0, 0)
    if images.dtype.kind == 'f' and low >= 0 and high <= 1:
        return 1.0
    raise ValueError(
        f'These pixels ({images.dtype}, {low:g} to {high:g}) are divided by the pixel '
        'value of white, which does not follow from their type. Set white_level, for '
        'instance 4095 for a 12-bit camera: --config.white_level=4095, or '
        'deeploc_jax.load(..., white_level=4095).'
    )


def _no_normalize(
    images: Real[np.ndarray, 'n h w c'],
) -> Float32[np.ndarray, 'n h w c']:
    """Keeps the pixel values, as float32."""
    return images.astype(np.float32)


NORMALIZATIONS: dict[str, Callable[..., np.ndarray]] = {
    'percentile': percentile_normalize,
    'unit': unit_normalize,
    'none': _no_normalize,
}
