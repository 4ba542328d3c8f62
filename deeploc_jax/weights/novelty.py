"""How unlike everything seen in training a cell is, by its features.

A classifier has to choose one of its classes, and can be sure of it for a cell of none.
The distance to the cells it was trained on tells such cells.
"""

from __future__ import annotations

import dataclasses

import numpy as np

FLAGGED = 0.05  # share of known cells, of validation, that are flagged


@dataclasses.dataclass(frozen=True)
class Mahalanobis:
    """Distance to the nearest class, in units of the spread within classes.

    Attributes:
        means: Of each class, float32 [k, f].
        precision: Inverse of the covariance within classes, float32 [f, f].

    References:
        Lee et al. 2018, NeurIPS: a simple unified framework for detecting
        out-of-distribution samples.
    """

    means: np.ndarray
    precision: np.ndarray

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray) -> Mahalanobis:
        """Fits to features [n, f] of cells of classes y [n]."""
        classes, index = np.unique(y, return_inverse=True)
        means = np.stack([x[y == k].mean(0, dtype=np.float64) for k in classes])
        precision = np.linalg.pinv(shrunk_covariance(x - means[index]), hermitian=True)
        return cls(means.astype(np.float32), precision.astype(np.float32))

    def score(self, x: np.ndarray) -> np.ndarray:
        """Distance of features [n, f] to the nearest class, float64 [n]."""
        nearest = np.full(len(x), np.inf)
        for mean in self.means:
            away = x - mean.astype(np.float64)
            square = ((away @ self.precision) * away).sum(1)
            nearest = np.minimum(nearest, square)
        return np.sqrt(np.maximum(nearest, 0))

    def in_units_of(self, limit: float) -> Mahalanobis:
        """The same, with scores divided by a limit: 1 is where it lies."""
        return dataclasses.replace(self, precision=self.precision / limit**2)


@dataclasses.dataclass(frozen=True)
class Novelty:
    """What tells cells that are unlike anything seen.

    Attributes:
        layer: Of the network, whose features count (the largest of a map).
        distance: Scores them; above 1 a cell is unlike anything seen, as are FLAGGED of
            the known cells of validation.
    """

    layer: str
    distance: Mahalanobis


def threshold(scores: np.ndarray, flagged: float = FLAGGED) -> float:
    """The score that this share of known cells, of validation, exceeds."""
    return float(np.quantile(scores, 1 - flagged))


def shrunk_covariance(x: np.ndarray) -> np.ndarray:
    """Covariance of centred x [n, f], drawn towards a sphere as far as n asks for.

    References:
        Ledoit & Wolf 2004, J. Multivar. Anal. 88:365, lemmas 3.2 to 3.4.
    """
    n, size = x.shape
    x = x.astype(np.float64)
    sample = x.T @ x / n
    sphere = np.eye(size) * np.trace(sample) / size
    away = np.sum((sample - sphere) ** 2)
    noise = np.mean(np.sum(x**2, 1) ** 2) / n - np.sum(sample**2) / n
    share = min(noise / away, 1.0) if away else 0.0
    return share * sphere + (1 - share) * sample
