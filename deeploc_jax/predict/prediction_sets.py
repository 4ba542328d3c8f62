"""Finds from which probability on a class must be in a prediction set.

The score of a cell is the probability of its true class (Sadinle et al. 2019), and
every class has its own limit (Mondrian: Vovk 2012). Cells of a protein resemble each
other, so a new cell of a new protein is exchangeable with calibration *proteins*, not
with their cells: of K proteins each has the weight 1 / (K + 1), shared by its cells,
and the new one has the rest (Lee et al. 2023, equation 4). Then a set has the true
class of a cell with a probability of 0.9 or more, without any assumption on the network
or on how alike the cells of a protein are.

References:
    Vovk 2012, Conditional validity of inductive conformal predictors.
    Sadinle, Lei & Wasserman 2019, Least ambiguous set-valued classifiers.
    Dunn, Wasserman & Ramdas 2022, Distribution-free prediction sets for two-layer
    hierarchical models.
    Lee, Barber & Willett 2023, Distribution-free inference with hierarchical data.
    Ding et al. 2023, Class-conditional conformal prediction with many classes.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Integer, Shaped

from deeploc_jax.groups import NewCells
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.weights.prediction_sets import LEVEL, PredictionSets

ROUNDING = 1e-9  # of sums of weights


def fit_sets(
    logits: Float[np.ndarray, 'n crops k'],
    labels: Integer[np.ndarray, ' n'],
    new: NewCells,
    temperature: float,
) -> PredictionSets | None:
    """Calibrates prediction sets on the labelled cells that are new.

    Args:
        logits: Logits of the views of each cell, the central one first.
        labels: Classes of the cells, -1 for an unlabelled cell.
        new: Which cells were not trained on, and their groups.
        temperature: Temperature of the network.

    Returns:
        The limits for all views and for the central one alone; None without a cell.
    """
    used = new.cells & (labels >= 0)
    if not used.any():
        return None
    labels, names, classes = labels[used], new.names[used], logits.shape[2]
    groups = [len(set(names[labels == c].tolist())) for c in range(classes)]
    alone = [enough(n) for n in groups]
    least = {}
    for views in {1, logits.shape[1]}:
        found = mean_crop_probabilities(logits[used, :views], temperature)
        true = found[np.arange(len(labels)), labels].astype(np.float32)
        least[str(views)] = _limits(true, labels, names, alone)
    return PredictionSets(least, new.unit, tuple(groups), tuple(alone))


def enough(groups: int, level: float = LEVEL) -> bool:
    """Whether so many groups can support a set that leaves anything out."""
    return 1 <= (1 - level) * (groups + 1) + ROUNDING


def _limits(
    true: np.ndarray, labels: np.ndarray, names: np.ndarray, alone: list[bool]
) -> tuple[float, ...]:
    """The limit of each class; those with few groups share one."""
    few = ~np.array(alone)[labels]
    shared = smallest_probability(true[few], names[few])
    there = set(labels.tolist())
    limits = []
    for index, own in enumerate(alone):
        mine = labels == index
        limit = smallest_probability(true[mine], names[mine]) if own else shared
        limits.append(limit if index in there else 0.0)
    return tuple(limits)


def smallest_probability(
    true: Float32[np.ndarray, ' n'],
    names: Shaped[np.ndarray, ' n'],
    level: float = LEVEL,
) -> float:
    """From which probability on a class is in the set.

    Args:
        true: Probabilities of their true class of n cells.
        names: Groups of the cells; each group has the same weight.
        level: Coverage that is wanted.

    Returns:
        0, with which the class is always in, where there are too few groups.
    """
    if not len(true):
        return 0.0
    _, group, sizes = np.unique(names, return_inverse=True, return_counts=True)
    total = len(sizes) + 1
    order = np.argsort(true)
    weights = 1 / (total * sizes[group[order]])
    missed = 1 / total + np.cumsum(weights) - weights  # by a limit at each cell's own
    # Cells of one probability are missed together, or not at all.
    first = np.searchsorted(true[order], true[order])
    allowed = np.flatnonzero(missed[first] <= 1 - level + ROUNDING)
    return float(true[order][allowed[-1]]) if len(allowed) else 0.0
