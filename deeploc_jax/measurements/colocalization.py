"""Measures the colocalization of another channel with the protein."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from skimage import filters

from deeploc_jax.measurements.channel_features import rings


def measure_colocalization(
    protein: Float[np.ndarray, 'h w'], other: Float[np.ndarray, 'h w']
) -> dict[str, float]:
    """Correlations of two planes [h, w]: all pixels, bright ones, edges and rings."""
    bright = other > np.median(other)
    inside = rings(protein.shape)
    pairs = dict(
        all=(protein, other),
        edges=(filters.sobel(protein), filters.sobel(other)),
        bright=(protein[bright], other[bright]),
        **{
            f'ring_{r}': (protein[inside == r], other[inside == r])
            for r in range(inside.max() + 1)
        },
    )
    return {
        f'correlation_{name}': float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
        for name, (a, b) in pairs.items()
    }
