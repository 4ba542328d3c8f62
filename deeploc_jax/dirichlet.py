"""The shares of a mixture that independent draws leave open have a Dirichlet posterior.

With a flat prior and the draws' class probabilities as soft counts, the posterior of
the shares is Dirichlet(1 + sum of probabilities). Draws count as independent and their
probabilities as calibrated, so its certainty is likely too high.

References:
    Parnamaa & Parts 2017, Accurate classification of protein subcellular localization
    from high-throughput microscopy images using deep learning (DeepYeast).
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, gammainc, gammaincinv

NODES = 64
"""Points of the Gauss-Legendre quadrature in `certainty_of_largest`."""


def mean_share(alpha: np.ndarray) -> np.ndarray:
    """Mean of each share of a Dirichlet, [g, k] from its parameters [g, k]."""
    return alpha / alpha.sum(axis=1, keepdims=True)


def credible_interval(
    alpha: np.ndarray, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the central interval of each share, a Beta variable of its own.

    Args:
        alpha: float [g, k], positive.
        level: Probability that a share is in its interval, between 0 and 1.

    Returns:
        (low, high), each float64 [g, k] in 0..1.
    """
    others = alpha.sum(axis=1, keepdims=True) - alpha
    low, high = (
        betaincinv(alpha, others, q) for q in ((1 - level) / 2, (1 + level) / 2)
    )
    return low, high


def certainty_of_largest(alpha: np.ndarray) -> np.ndarray:
    """Probability that the class of the largest alpha is a Dirichlet's largest share.

    The shares are independent Gamma(alpha) variables over their sum, so this is the
    mean, over the quantiles u of the largest one, of the chance that every other is
    below it: a smooth integral over 0..1, taken by quadrature (no random numbers).

    Args:
        alpha: float [g, k], positive.

    Returns:
        float64 [g] in 0..1; error below about 1e-4.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    quantiles = (nodes + 1) / 2
    largest = alpha.argmax(axis=1)
    rows = np.arange(len(alpha))
    points = gammaincinv(alpha[rows, largest][:, None], quantiles)
    below = np.ones_like(points)
    for j in range(alpha.shape[1]):
        others = gammainc(alpha[:, j, None], points)
        below *= np.where((largest == j)[:, None], 1.0, others)
    return np.clip(below @ (weights / 2), 0.0, 1.0)
