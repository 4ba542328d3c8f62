"""Percentile normalisation of single-cell crops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32, Real

Normalize = Callable[[np.ndarray], np.ndarray]
"""From raw images [n, h, w, c] to float32 in [0, 1]."""

PERCENTILES = (0.1, 99.9)
"""Saturated at either end (Kraus et al. 2017, Training DeepLoc)."""


def eight_bit(images: Real[np.ndarray, 'n h w c']) -> Float32[np.ndarray, 'n h w c']:
    """Scales pixels of 8 bits from 0 to 255 to [0, 1], as DeepYeast's release does.

    Raises:
        ValueError: They have another type than uint8.
    """
    if images.dtype != np.uint8:
        raise ValueError(
            f'Pixels of 8 bits (uint8) are wanted, 0 to 255, but these are '
            f'{images.dtype}.'
        )
    return images.astype(np.float32) / np.float32(255)


def percentile_normalize(
    images: Real[np.ndarray, 'n h w c'],
) -> Float32[np.ndarray, 'n h w c']:
    """Scales each cell and channel to [0, 1], saturating both 0.1 % tails.

    Done on the whole plane, before any crop. Inputs that already lie in [0, 1]
    are scaled like any other; a constant plane becomes zeros.

    Args:
        images: [n, h, w, c], any integer or float type.

    Returns:
        float32 [n, h, w, c].

    References:
        Kraus et al. 2017, Mol. Syst. Biol. 13:924, Materials and Methods.
    """
    n, h, w, c = images.shape
    planes = images.reshape(n, h * w, c)
    low, high = np.percentile(planes, PERCENTILES, axis=1, keepdims=True)
    constant = high <= low
    scaled = (planes - low) / np.where(constant, 1, high - low)
    scaled = np.where(constant, 0, np.clip(scaled, 0, 1))
    return scaled.astype(np.float32).reshape(n, h, w, c)
