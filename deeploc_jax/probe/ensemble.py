"""Linear support vector machines on sets of positives and negatives, as in ensLOC.

Each machine learns from its own sets. The score of a class is the mean of what its
machines answer; the class with the highest score is the answer.

References:
    Chong et al. 2015, Cell 161:1413 (ensLOC: 60 machines for 16 classes), and Kraus et
    al. 2017, Materials and Methods, on their sets. ensLOC lists every class whose
    machines agree; here a cell is given one class, so that it can be compared.
"""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from deeploc_jax.probe.fit import FOLDS, Labelled, score_on
from deeploc_jax.probe.training_sets import TrainingSets

NAME = 'svm_training_sets'
TITLE = 'linear support vector machines on sets of positives and negatives (ensLOC)'
PENALTIES = (1e-4, 1e-3, 1e-2, 0.1, 1.0)


class Ensemble:
    """Binary machines that vote for the classes they are for.

    Args:
        c: Inverse strength of the penalty on the weights of each machine.
        seed: Decides the order in which their solver takes the cells.
    """

    def __init__(self, c: float, seed: int):
        self.c, self.seed = c, seed

    def fit(self, sets: TrainingSets) -> Ensemble:
        """Trains every machine on its own sets, classes weighted alike."""
        self.scaler = StandardScaler().fit(sets.x)
        x = self.scaler.transform(sets.x)
        self.machines = [self._machine(x, signs) for signs in sets.signs.T]
        self.classes = sets.classes
        return self

    def _machine(self, x: np.ndarray, signs: np.ndarray) -> LinearSVC:
        machine = LinearSVC(
            C=self.c,
            class_weight='balanced',
            max_iter=5000,
            tol=1e-3,
            random_state=self.seed,
        )
        return machine.fit(x[signs != 0], signs[signs != 0])

    def answers(self, x: np.ndarray) -> np.ndarray:
        """Signed distances of cells [n, f] from each machine's plane, [n, m]."""
        x = self.scaler.transform(x)
        return np.stack([m.decision_function(x) for m in self.machines], axis=1)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Class indices [n] of features [n, f]."""
        answers, known = self.answers(x), np.unique(self.classes)
        scores = [answers[:, self.classes == label].mean(axis=1) for label in known]
        return known[np.argmax(scores, axis=0)]


def choose_and_fit(
    sets: TrainingSets, validation: Labelled | None, seed: int
) -> tuple[Ensemble, float, float]:
    """An ensemble whose penalty was chosen on cells that it did not learn from.

    Args:
        sets: Cells to learn from.
        validation: Labelled cells to choose by; None: by cross-validation of each
            machine, in which all cells of a group are left out together.
        seed: Of the machines.

    Returns:
        The ensemble, its penalty, and the balanced accuracy that chose it, over the
        classes on validation, over positives and negatives in cross-validation; NaN,
        with the middle penalty, where neither is possible.
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
    """Parts of the cells, those in which every machine still has both sets."""
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
    answers = Ensemble(c, seed).fit(train).answers(held_out.x) > 0
    recalls = [
        (said[signs == sign] == (sign > 0)).mean()
        for said, signs in zip(answers.T, held_out.signs.T, strict=True)
        for sign in (1, -1)
        if (signs == sign).any()
    ]
    return float(np.mean(recalls))
