"""Probes have names, and values that their one free parameter is chosen from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from deeploc_jax.probe.ridge import Ridge


@dataclasses.dataclass(frozen=True)
class Probe:
    """A kind of classifier.

    Attributes:
        make: (value of the parameter, seed) -> classifier with `fit` and `predict`.
        values: Values of the parameter that one is chosen from; the middle one is used
            when there are too few cells to choose.
        title: Name for people.
        random: Whether the seed matters.
        trial: Faster version of `make` for choosing the value; None: `make` itself.
    """

    make: Callable[[float, int], Any]
    values: tuple[float, ...]
    title: str
    random: bool = False
    trial: Callable[[float, int], Any] | None = None


def _standardized(classifier: Any) -> Any:
    return make_pipeline(StandardScaler(), classifier)


def _logistic(c: float, seed: int, l1_ratio: float) -> Any:
    # Only saga knows L1; on standardized features few passes get close enough.
    solver: Any = dict(solver='saga', max_iter=200) if l1_ratio else dict(max_iter=2000)
    return _standardized(
        LogisticRegression(
            C=c, l1_ratio=l1_ratio, tol=1e-3, random_state=seed, **solver
        )
    )


def _forest(trees: int, share: float, seed: int) -> Any:
    return RandomForestClassifier(
        trees, max_features=share, random_state=seed, n_jobs=-1
    )


PROBES = {
    'ridge': Probe(
        lambda alpha, seed: _standardized(Ridge(alpha)),
        (1.0, 10.0, 100.0, 1e3, 1e4),
        'ridge regression on the classes, closed form',
    ),
    'logistic_l2': Probe(
        lambda c, seed: _logistic(c, seed, 0.0),
        (1e-3, 1e-2, 0.1, 1.0, 10.0),
        'multinomial logistic regression, L2',
    ),
    'logistic_l1': Probe(
        lambda c, seed: _logistic(c, seed, 1.0),
        (1e-2, 3e-2, 0.1, 0.3, 1.0),
        'multinomial logistic regression, L1',
    ),
    'svm_one_vs_one': Probe(
        lambda c, seed: _standardized(SVC(kernel='linear', C=c)),
        (1e-4, 1e-3, 1e-2, 0.1, 1.0),
        'linear support vector machines, one for each pair of classes',
    ),
    'svm_one_vs_rest': Probe(
        lambda c, seed: _standardized(LinearSVC(C=c, max_iter=5000, tol=1e-3)),
        (1e-4, 1e-3, 1e-2, 0.1, 1.0),
        'linear support vector machines, one for each class',
    ),
    'knn': Probe(
        lambda k, seed: _standardized(Neighbors(int(k))),
        (1, 3, 7, 15, 31),
        'k nearest neighbors',
    ),
    'forest': Probe(
        lambda share, seed: _forest(500, share, seed),
        (0.045, 0.1, 0.23, 0.4, 0.7),  # DeepYeast's grid, 25 to 300 of 435 features
        'random forest of 500 trees',
        random=True,
        trial=lambda share, seed: _forest(100, share, seed),
    ),
}
"""Kraus et al. 2017, Fig EV3, and Parnamaa & Parts 2017, Fig 4, compare such probes.
`ensemble` has machines on sets of positives and negatives picked by hand, as ensLOC."""


class Neighbors(KNeighborsClassifier):
    """Nearest neighbors, at most as many as the smallest class has cells.

    If more of them voted, some would be cells of other classes, however far away.
    """

    def __init__(self, k: int = 7):
        super().__init__(n_neighbors=k)
        self.k = k

    def fit(self, X: Any, y: Any) -> Neighbors:
        """Remembers the cells."""
        self.n_neighbors = min(self.k, np.unique(y, return_counts=True)[1].min())
        return super().fit(X, y)
