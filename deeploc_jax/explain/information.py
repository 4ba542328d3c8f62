"""What a number of each cell tells: of its class, and of other numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int

BINS = 10
"""Parts of equal size that the values of a feature are put into."""


class Strongest(NamedTuple):
    """The other feature that each of f features goes with most.

    Attributes:
        index: Number of the other feature, [f].
        correlation: Pearson's correlation with it, of any sign, [f]; 0 where the
            feature is constant.
    """

    index: np.ndarray
    correlation: np.ndarray


def mutual_information(
    values: Float[np.ndarray, 'n f'], classes: Int[np.ndarray, ' n']
) -> Float64[np.ndarray, ' f']:
    """Mutual information of each feature and the class, in bits.

    The values of a feature are put into ten parts of equal size, fewer where values are
    equal. The bias of few cells is taken off, so that a feature that tells nothing has
    about 0, and may have a little less.

    Args:
        values: One row a cell.
        classes: Class of each cell.

    References:
        Miller 1955, Note on the bias of information estimates: the correction.
    """
    names, classes = np.unique(classes, return_inverse=True)
    steps = np.arange(1, BINS) / BINS
    return np.array(
        [_information(column, classes, len(names), steps) for column in values.T]
    )


def _information(
    values: np.ndarray, classes: np.ndarray, k: int, steps: np.ndarray
) -> float:
    parts = np.searchsorted(np.unique(np.quantile(values, steps)), values)
    counts = np.bincount(parts * k + classes, minlength=BINS * k).reshape(BINS, k)
    n, cells = len(values), (counts > 0).sum()
    alone = [counts.sum(axis) for axis in (0, 1)]
    entropies = [_entropy(x) for x in (*alone, counts.ravel())]
    bias = (sum((x > 0).sum() for x in alone) - cells - 1) / (2 * n)
    return float((entropies[0] + entropies[1] - entropies[2] + bias) / np.log(2))


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def strongest_correlation(
    values: Float[np.ndarray, 'n f'], others: Float[np.ndarray, 'n m']
) -> Strongest:
    """The other feature with the largest absolute correlation, for each feature.

    Args:
        values: Features, one row a cell.
        others: Other features of the same cells.
    """
    one, other = standardized(values), standardized(others)
    correlations = one.T @ other / len(values)
    index = np.abs(correlations).argmax(1)
    return Strongest(index, correlations[np.arange(len(index)), index])


def standardized(x: Float[np.ndarray, 'n f']) -> Float64[np.ndarray, 'n f']:
    """The features with mean 0 and variance 1; a constant one is 0."""
    centered = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    spread = centered.std(0)
    flat = spread <= 1e-6 * np.abs(x).max(0)
    return np.where(flat, 0, centered / np.where(flat, 1, spread))
