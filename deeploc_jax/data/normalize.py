"""Percentile normalisation of single-cell crops."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Real

PERCENTILES = (0.1, 99.9)
"""Saturated at either end (Kraus et al. 2017, Training DeepLoc)."""


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
