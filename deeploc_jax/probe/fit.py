"""A probe is fitted, with its parameter chosen on cells that are not tested on."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Shaped
from sklearn.model_selection import StratifiedGroupKFold

from deeploc_jax import metrics
from deeploc_jax.probe.classifiers import Probe

FOLDS = 3


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Features of labelled cells.

    Attributes:
        x: float32 [n, f].
        y: Class indices, int [n].
        groups: Group label of each cell, [n]; groups are left out as a whole.
    """

    x: Float[np.ndarray, 'n f']
    y: Integer[np.ndarray, ' n']
    groups: Shaped[np.ndarray, ' n']

    def __len__(self) -> int:
        return len(self.y)

    def where(self, rows: np.ndarray) -> Labelled:
        """The cells of a mask or of row numbers."""
        return Labelled(self.x[rows], self.y[rows], self.groups[rows])


def choose(
    probe: Probe, train: Labelled, validation: Labelled | None, seed: int
) -> tuple[float, float]:
    """Chooses the value of a probe's parameter.

    Args:
        probe: The kind of classifier.
        train: Cells to learn from.
        validation: Cells to choose on; None: cross-validation within `train`, which
            leaves out all cells of a group together.
        seed: Seed of the classifier and the folds.

    Returns:
        The best value and its balanced accuracy; the middle value and NaN when a class
        has fewer than two groups.
    """
    if validation is not None:
        pairs = [(train, validation)]
    else:
        pairs = [(train.where(a), train.where(b)) for a, b in _folds(train, seed)]
    if not pairs:
        return probe.values[len(probe.values) // 2], np.nan
    make = probe.trial or probe.make
    scores = [
        np.mean([score_on(make(v, seed).fit(a.x, a.y), b) for a, b in pairs])
        for v in probe.values
    ]
    best = int(np.argmax(scores))
    return probe.values[best], float(scores[best])


def fit(probe: Probe, value: float, train: Labelled, seed: int) -> Any:
    """Fits the classifier of a probe to cells."""
    return probe.make(value, seed).fit(train.x, train.y)


def score_on(classifier: Any, cells: Labelled) -> float:
    """Balanced accuracy of a fitted classifier on labelled cells."""
    predicted = classifier.predict(cells.x)
    guesses = metrics.certain(predicted, max(predicted.max(), cells.y.max()) + 1)
    return float(metrics.balanced_accuracy(guesses, cells.y))


def _folds(train: Labelled, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    classes = np.unique(train.y)
    fewest = min(len(np.unique(train.groups[train.y == k])) for k in classes)
    if fewest < 2:
        return []
    splitter = StratifiedGroupKFold(min(FOLDS, fewest), shuffle=True, random_state=seed)
    folds = splitter.split(train.x, train.y, train.groups)
    return [(a, b) for a, b in folds if len(np.unique(train.y[a])) == len(classes)]
