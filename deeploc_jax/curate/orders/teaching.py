"""The cells whose labels would teach a network most: unsure ones, and all different.

BADGE takes the gradient that each cell would give the last layer if the class called
were true: large where the network is unsure, and in a direction that says of what. The
cells of a batch are drawn by the seeding of k-means++ on these gradients, so that each
is far from those before it.

References:
    Ash et al. 2020, Deep batch active learning by diverse, uncertain gradient lower
    bounds. ICLR.
    Arthur and Vassilvitskii 2007, k-means++: the advantages of careful seeding.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

POOL = 10_000
"""Cells that are drawn from; of more, as many at random."""
DRAWN = 1024
"""Cells that are drawn; the others follow, the least sure of them first."""


def badge(
    probabilities: Float[np.ndarray, 'n k'],
    features: Float[np.ndarray, 'n f'],
    count: int,
    rng: np.random.Generator,
) -> Int[np.ndarray, ' m']:
    """Draws cells for a batch, one after the other.

    The gradient of a cell is (p - e) h^T, with p its probabilities, e the indicator of
    its most probable class and h its features. It is never written out: the inner
    product of two is that of their p - e times that of their h.

    Args:
        probabilities: float [n, k].
        features: Input of the last layer, float [n, f].
        count: Number of cells wanted.
        rng: Where the draws come from.

    Returns:
        Rows, int [m]: the largest gradient first. m is less than `count` where no other
        cell has a gradient unlike those drawn.
    """
    a = probabilities.astype(np.float64)
    a[np.arange(len(a)), a.argmax(axis=1)] -= 1
    h = features.astype(np.float32)
    norms = (a**2).sum(axis=1) * np.einsum('nf,nf->n', h, h, dtype=np.float64)
    drawn: list[int] = []
    distances = np.full(len(a), np.inf)
    while len(drawn) < min(count, len(a)):
        if drawn:
            total = distances.sum()
            if not total > 0:
                break
            row = int(rng.choice(len(a), p=distances / total))
        else:
            row = int(norms.argmax())
        drawn.append(row)
        apart = norms + norms[row] - 2 * (a @ a[row]) * (h @ h[row])
        distances = np.minimum(distances, np.maximum(apart, 0))
        distances[drawn] = 0
    return np.array(drawn, np.int64)


def teaching_order(
    probabilities: Float[np.ndarray, 'n k'],
    features: Float[np.ndarray, 'n f'],
    seed: int,
) -> Int[np.ndarray, ' n']:
    """Rows of all cells: a batch of `DRAWN` by BADGE, then the least sure.

    Every beginning of the batch is a batch by BADGE itself, so that a sheet of any size
    is one.

    Args:
        probabilities: float [n, k].
        features: float [n, f], in memory or on disk.
        seed: Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    n = len(probabilities)
    pool = np.sort(rng.permutation(n)[:POOL])
    drawn = pool[badge(probabilities[pool], np.asarray(features[pool]), DRAWN, rng)]
    first, second = -np.sort(-probabilities, axis=1)[:, :2].T
    rest = np.argsort(first - second, kind='stable')
    return np.concatenate([drawn, rest[~np.isin(rest, drawn)]])
