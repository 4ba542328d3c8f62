"""How unlike everything seen in training a cell is, by its features.

A classifier has to choose one of its classes, and can be sure of it for a cell of none.
The distance to the cells it was trained on tells such cells.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

DIMENSIONS = 64  # kept for neighbours: distances mean little in hundreds
NEIGHBOUR = 10  # its distance counts


class Novelty(Protocol):
    """A score of cells, larger for those unlike the ones it was fitted to."""

    def score(self, x: np.ndarray) -> np.ndarray:
        """Scores [n] of features [n, f]."""
        ...


@dataclasses.dataclass(frozen=True)
class Mahalanobis:
    """Distance to the nearest class, in units of the spread within classes.

    Attributes:
        means: Of each class, [k, f].
        precision: Inverse of the covariance within classes, shrunk, [f, f].

    References:
        Lee et al. 2018, NeurIPS: a simple unified framework for detecting
        out-of-distribution samples. Ledoit & Wolf 2004, J. Multivar. Anal. 88:365.
    """

    means: np.ndarray
    precision: np.ndarray

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray) -> Mahalanobis:
        """Fits to features [n, f] of cells of classes y [n]."""
        classes, index = np.unique(y, return_inverse=True)
        means = np.stack([x[y == k].mean(0) for k in classes]).astype(np.float64)
        covariance, _ = ledoit_wolf(x - means[index], assume_centered=True)
        return cls(means, np.linalg.pinv(covariance, hermitian=True))

    def score(self, x: np.ndarray) -> np.ndarray:
        """Squared distance to the nearest class, [n]."""
        nearest = np.full(len(x), np.inf)
        for mean in self.means:
            away = x - mean
            square = ((away @ self.precision) * away).sum(1)
            nearest = np.minimum(nearest, square)
        return nearest


@dataclasses.dataclass(frozen=True)
class Neighbour:
    """Distance to the tenth nearest of the cells seen.

    Attributes:
        projection: Principal components, each scaled to variance 1.
        index: Of the cells seen.

    References:
        Sun et al. 2022, ICML: out-of-distribution detection with deep nearest
        neighbors.
    """

    projection: PCA
    index: NearestNeighbors

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray) -> Neighbour:
        """Fits to features [n, f]; the classes are not used."""
        del y
        size = min(DIMENSIONS, *x.shape)
        projection = PCA(size, whiten=True, random_state=0).fit(x)
        seen = projection.transform(x)
        index = NearestNeighbors(n_neighbors=min(NEIGHBOUR, len(x))).fit(seen)
        return cls(projection, index)

    def score(self, x: np.ndarray) -> np.ndarray:
        """The distance, [n]."""
        return self.index.kneighbors(self.projection.transform(x))[0][:, -1]


NOVELTIES: dict[str, type[Mahalanobis] | type[Neighbour]] = {
    'mahalanobis': Mahalanobis,
    'neighbour': Neighbour,
}


def threshold(scores: np.ndarray, flagged: float = 0.05) -> float:
    """The score that this share of known cells, of validation, exceeds."""
    return float(np.quantile(scores, 1 - flagged))


def auroc(known: np.ndarray, new: np.ndarray) -> float:
    """Chance that a new cell scores higher than a known one; 0.5 is guessing."""
    truth = np.repeat([0, 1], [len(known), len(new)])
    return float(roc_auc_score(truth, np.concatenate([known, new])))
