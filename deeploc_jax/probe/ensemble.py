"""An ensemble of linear support vector machines learns from sets, as in ensLOC.

Each machine learns from its own sets. The score of a class is the mean of the decision
values of its machines; the class with the highest score is predicted.

References:
    Chong et al. 2015, Cell 161:1413 (ensLOC: 60 machines for 16 classes), and Kraus et
    al. 2017, Materials and Methods, on their sets. ensLOC lists every class whose
    machines agree; here each cell gets one class, so that results can be compared.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Integer
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from deeploc_jax.probe.fit import FOLDS, Labelled, score_on
from deeploc_jax.probe.training_sets import TrainingSets

NAME = 'svm_training_sets'
TITLE = 'linear support vector machines on sets of positives and negatives (ensLOC)'
PENALTIES = (1e-4, 1e-3, 1e-2, 0.1, 1.0)


class Ensemble:
    """Binary machines, each of which votes for its class.

    Args:
        c: Inverse strength of the penalty on the weights of each machine.
        seed: Seed of the order in which the solver takes the cells.
    """

    def __init__(self, c: float, seed: int):
        self.c, self.seed = c, seed

    def fit(self, sets: TrainingSets) -> Ensemble:
        """Trains every machine on its own sets, with both sides weighted equally."""
        self.scaler = StandardScaler().fit(sets.x)
        x = self.scaler.transform(sets.x)
        self.machines = [self._machine(x, signs) for signs in sets.signs.T]
        self.classes = sets.classes
        return self

    def _machine(
        self, x: Float[np.ndarray, 'c f'], signs: Integer[np.ndarray, ' c']
    ) -> LinearSVC:
        machine = LinearSVC(
            C=self.c,
            class_weight='balanced',
            max_iter=5000,
            tol=1e-3,
            random_state=self.seed,
        )
        return machine.fit(x[signs != 0], signs[signs != 0])

    def decisions(self, x: Float[np.ndarray, 'n f']) -> Float64[np.ndarray, 'n m']:
        """Signed distances of cells [n, f] from each machine's plane, [n, m]."""
        x = self.scaler.transform(x)
        return np.stack([m.decision_function(x) for m in self.machines], axis=1)

    def predict(self, x: Float[np.ndarray, 'n f']) -> Integer[np.ndarray, ' n']:
        """Class indices [n] of features [n, f]."""
        decisions, known = self.decisions(x), np.unique(self.classes)
        scores = [decisions[:, self.classes == label].mean(axis=1) for label in known]
        return known[np.argmax(scores, axis=0)]


def choose_and_fit(
    sets: TrainingSets, validation: Labelled | None, seed: int
) -> tuple[Ensemble, float, float]:
    """Fits an ensemble, whose penalty is chosen on cells that it did not learn from.

    Args:
        sets: Cells to learn from.
        validation: Labelled cells that the penalty is chosen on; None: it is chosen by
            cross-validation of each machine, which leaves out all cells of a group.
        seed: Seed of the machines.

    Returns:
        The ensemble, its penalty, and the balanced accuracy by which it was chosen. On
        validation this is over the classes, in cross-validation over positives and
        negatives. Where neither is possible it is NaN, and the penalty the middle one.
    """
    folds = [] if validation is not None else _folds(sets)
    scores = {}
    for c in PENALTIES:
        if validation is not None:
            ensemble = Ensemble(c, seed).fit(sets)
            scores[c] = score_on(ensemble, validation)
        elif folds:
            agreements = [_agreement(c, seed, a, b) for a, b in folds]
            scores[c] = float(np.mean(agreements))
    best = max(scores, key=lambda c: scores[c], default=PENALTIES[len(PENALTIES) // 2])
    return Ensemble(best, seed).fit(sets), best, float(scores.get(best, np.nan))


def _folds(sets: TrainingSets) -> list[tuple[TrainingSets, TrainingSets]]:
    """Folds in which every machine still has positives and negatives to learn from."""
    number = min(FOLDS, len(np.unique(sets.groups)))
    if number < 2:
        return []
    splits = GroupKFold(number).split(sets.x, groups=sets.groups)
    pairs = [(sets.where(a), sets.where(b)) for a, b in splits]
    return [(a, b) for a, b in pairs if (a.signs.max(0) - a.signs.min(0) == 2).all()]


def _agreement(
    c: float, seed: int, train: TrainingSets, held_out: TrainingSets
) -> float:
    """Mean recall of positives and negatives that were left out, over the machines."""
    positive = Ensemble(c, seed).fit(train).decisions(held_out.x) > 0
    recalls = [
        (called[signs == sign] == (sign > 0)).mean()
        for called, signs in zip(positive.T, held_out.signs.T, strict=True)
        for sign in (1, -1)
        if (signs == sign).any()
    ]
    return float(np.mean(recalls))
