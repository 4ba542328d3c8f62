"""Compares simulated with real cells: the harder to distinguish, the better."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float, Integer, Real, Shaped
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold

from deeploc_jax.precision_recall import auroc

TREES = 300


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How well each statistic, and all together, distinguish real from simulated.

    Attributes:
        single: AUROC by statistic, 0.5 to 1, whichever side has the larger values.
        together: AUROC of a random forest on all statistics.
        folds: AUROC of each fold of its cross-validation.
    """

    single: dict[str, float]
    together: float
    folds: tuple[float, ...]


def compare(
    real: dict[str, Real[np.ndarray, ' n']],
    simulated: dict[str, Real[np.ndarray, ' m']],
    real_groups: Shaped[np.ndarray, ' n'],
    simulated_groups: Shaped[np.ndarray, ' m'],
    seed: int,
) -> Comparison:
    """Compares two sets of cells by their statistics.

    The forest is judged on fields or plates that it has not seen: no group is in
    training and test of the same fold.

    Args:
        real: Statistic -> value of each real cell, [n].
        simulated: The same statistics of simulated cells, [m].
        real_groups: Image or plate of each real cell, [n].
        simulated_groups: Image or plate of each simulated cell, [m].
        seed: Seed of the forest.

    Raises:
        ValueError: A side has fewer than two groups.
    """
    for side, groups in (('real', real_groups), ('simulated', simulated_groups)):
        if len(np.unique(groups)) < 2:
            raise ValueError(
                f'All {side} cells are from one field or plate, so that none are left '
                'to test on. Use more splits, such as train+validation+test.'
            )
    is_real = np.repeat([1, 0], [len(real_groups), len(simulated_groups)])
    columns = {name: np.concatenate([real[name], simulated[name]]) for name in real}
    single = {name: auroc(simulated[name], real[name]) for name in real}
    folds = _forest_folds(
        np.stack(list(columns.values()), axis=1),
        is_real,
        _pair_folds(real_groups, simulated_groups),
        seed,
    )
    return Comparison(
        single={name: max(auc, 1 - auc) for name, auc in single.items()},
        together=float(np.mean(folds)),
        folds=tuple(folds),
    )


def _pair_folds(
    real_groups: Shaped[np.ndarray, ' n'], simulated_groups: Shaped[np.ndarray, ' m']
) -> Integer[np.ndarray, ' n+m']:
    """Fold of each cell, real ones first; each fold has whole groups of both sides."""
    sides = (real_groups, simulated_groups)
    number = min(5, *(len(np.unique(groups)) for groups in sides))
    folds = []
    for groups in sides:
        fold = np.empty(len(groups), int)
        parts = GroupKFold(number).split(groups, groups=groups)
        for index, (_, rows) in enumerate(parts):
            fold[rows] = index
        folds.append(fold)
    return np.concatenate(folds)


def _forest_folds(
    x: Float[np.ndarray, 'n f'],
    is_real: Integer[np.ndarray, ' n'],
    folds: Integer[np.ndarray, ' n'],
    seed: int,
) -> list[float]:
    areas = []
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        forest = RandomForestClassifier(
            TREES, n_jobs=-1, random_state=seed, class_weight='balanced'
        )
        forest.fit(x[train], is_real[train])
        guess = forest.predict_proba(x[test])[:, 1]
        truth = is_real[test] == 1
        areas.append(auroc(guess[~truth], guess[truth]))
    return areas
