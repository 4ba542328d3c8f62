"""Novelty scores are compared: how unlike the training cells a cell is."""

from __future__ import annotations

import dataclasses
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64, Integer
from scipy.stats import entropy
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from deeploc_jax.weights.novelty import Novelty


@runtime_checkable
class Scorer(Protocol):
    """A score that is larger for cells unlike those it was fitted to."""

    @classmethod
    def fit(cls, x: Float[np.ndarray, 'n f'], y: Integer[np.ndarray, ' n']) -> Scorer:
        """Fits to features [n, f] of cells of classes y [n]."""
        ...

    def score(self, x: Float[np.ndarray, 'n f']) -> Float[np.ndarray, ' n']:
        """Scores [n] of features [n, f]."""
        ...


@dataclasses.dataclass(frozen=True)
class NearestSeen:
    """Distance to the tenth-nearest training cell, as in `weights.novelty`.

    Attributes:
        novelty: The detector fitted to all training cells.
    """

    novelty: Novelty

    @classmethod
    def fit(
        cls, x: Float[np.ndarray, 'n f'], y: Integer[np.ndarray, ' n']
    ) -> NearestSeen:
        """Fits to features [n, f] of cells of classes y [n]."""
        return cls(Novelty.fit('', x, y, x[:1]))

    def score(self, x: Float[np.ndarray, 'n f']) -> Float[np.ndarray, ' n']:
        """The distance, [n]."""
        return self.novelty.score(x)


@dataclasses.dataclass(frozen=True)
class Mahalanobis:
    """Distance to the nearest class, in units of the spread within classes.

    Attributes:
        means: Mean of each class, [k, f].
        precision: Inverse of the shrunk covariance within classes, [f, f].

    References:
        Lee et al. 2018, NeurIPS: a simple unified framework for detecting
        out-of-distribution samples. Ledoit & Wolf 2004, J. Multivar. Anal. 88:365.
    """

    means: Float64[np.ndarray, 'k f']
    precision: Float64[np.ndarray, 'f f']

    @classmethod
    def fit(
        cls, x: Float[np.ndarray, 'n f'], y: Integer[np.ndarray, ' n']
    ) -> Mahalanobis:
        """Fits to features [n, f] of cells of classes y [n]."""
        classes, index = np.unique(y, return_inverse=True)
        means = np.stack([x[y == k].mean(0) for k in classes]).astype(np.float64)
        covariance, _ = ledoit_wolf(x - means[index], assume_centered=True)
        return cls(means, np.linalg.pinv(covariance, hermitian=True))

    def score(self, x: Float[np.ndarray, 'n f']) -> Float[np.ndarray, ' n']:
        """Squared distance to the nearest class, [n]."""
        nearest = np.full(len(x), np.inf)
        for mean in self.means:
            away = x - mean
            square = ((away @ self.precision) * away).sum(1)
            nearest = np.minimum(nearest, square)
        return nearest


@dataclasses.dataclass(frozen=True)
class Uncertainty:
    """Entropy of the probabilities of a logistic regression, which is no distance.

    Attributes:
        classifier: Classifier of the known classes.
    """

    classifier: Pipeline

    @classmethod
    def fit(
        cls, x: Float[np.ndarray, 'n f'], y: Integer[np.ndarray, ' n']
    ) -> Uncertainty:
        """Fits to features [n, f] of cells of classes y [n]."""
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        return cls(model.fit(x, y))

    def score(self, x: Float[np.ndarray, 'n f']) -> Float[np.ndarray, ' n']:
        """The entropy in nats, [n]."""
        return entropy(self.classifier.predict_proba(x), axis=1)


NOVELTIES: dict[str, type[Scorer]] = {
    'neighbours': NearestSeen,
    'mahalanobis': Mahalanobis,
    'uncertainty': Uncertainty,
}
