"""Scores of how unlike everything seen in training a cell is, to be compared."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from deeploc_jax.weights.novelty import Mahalanobis

DIMENSIONS = 64  # kept for neighbours: distances mean little in hundreds
NEIGHBOUR = 10  # its distance counts


class Novelty(Protocol):
    """A score of cells, larger for those unlike the ones it was fitted to."""

    def score(self, x: np.ndarray) -> np.ndarray:
        """Scores [n] of features [n, f]."""
        ...


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


def auroc(known: np.ndarray, new: np.ndarray) -> float:
    """Chance that a new cell scores higher than a known one; 0.5 is guessing."""
    truth = np.repeat([0, 1], [len(known), len(new)])
    return float(roc_auc_score(truth, np.concatenate([known, new])))
