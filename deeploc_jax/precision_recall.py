"""Computes precision, recall and ROC over all thresholds, as scikit-learn does.

Arguments, weights and classes without a cell are as in `metrics`.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64, Real
from scipy.stats import rankdata

from deeploc_jax.metrics import Value, check_cells, macro_mean, ratio, sum_by


def _threshold_totals(
    scores: Real[np.ndarray, ' n'],
    positive: Bool[np.ndarray, ' n'],
    weights: Float[np.ndarray, '*r n'],
) -> tuple[
    Float64[np.ndarray, '*r t'], Float64[np.ndarray, '*r t'], Real[np.ndarray, ' t']
]:
    """Right cells and all cells [..., t] called at each distinct score, falling [t]."""
    order = np.argsort(-scores, kind='stable')
    scores = scores[order]
    # Cells of one score are called together: a threshold is the last of its ties.
    last = np.flatnonzero(np.diff(scores, append=-1.0))
    weights = weights[..., order]
    hits = np.cumsum(weights * positive[order], axis=-1)[..., last]
    return hits, np.cumsum(weights, axis=-1)[..., last], scores[last]


def average_precision(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Float64[np.ndarray, '*r k']:
    """Area under each class's precision-recall curve, [..., k]; weights [..., n].

    The step-wise sum of precision times gained recall, without interpolation; cells of
    equal probability enter together.
    """
    probabilities, labels, weights = check_cells(probabilities, labels, weights)
    by_cell = np.ascontiguousarray(weights.reshape(-1, len(labels)).T)
    areas = [
        _area(scores, labels == index, by_cell)
        for index, scores in enumerate(probabilities.T)
    ]
    return np.stack(areas, axis=-1).reshape(*weights.shape[:-1], -1)


def _area(
    scores: Real[np.ndarray, ' n'],
    positive: Bool[np.ndarray, ' n'],
    weights: Float[np.ndarray, 'n r'],
) -> Float64[np.ndarray, ' r']:
    """Area [r] under the curve of one class; weights [n, r].

    Recall is gained at the scores of positive cells alone: with hundreds of classes
    these are few, and the other cells only need to be counted between them.
    """
    thresholds = np.unique(scores[positive])
    reached = np.searchsorted(thresholds, scores, side='right')
    bins = len(thresholds) + 1
    calls = sum_by(reached, weights, bins)[:0:-1].cumsum(axis=0)  # from the top score
    gained = sum_by(reached[positive], weights[positive], bins)[:0:-1]
    hits = gained.cumsum(axis=0)
    area = (gained * ratio(hits, calls, empty=0.0)).sum(axis=0)
    return np.asarray(ratio(area, gained.sum(axis=0)))


def macro_average_precision(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Value:
    """Mean average precision over the classes that occur; weights [..., n]."""
    return macro_mean(average_precision(probabilities, labels, weights))


def precision_recall_curve(
    probabilities: np.ndarray,
    labels: np.ndarray,
    index: int,
    weights: np.ndarray | None = None,
) -> tuple[
    Float64[np.ndarray, ' p'], Float64[np.ndarray, ' p'], Real[np.ndarray, ' t']
]:
    """Precision [t + 1], recall [t + 1] and rising thresholds [t] of class `index`.

    Entry i calls every cell of probability >= thresholds[i]; the last entry, which
    calls none, is (1, 0). Recall is NaN when the class has no cell. Weights are [n].
    """
    probabilities, labels, weights = check_cells(probabilities, labels, weights)
    used = weights > 0
    hits, calls, thresholds = _threshold_totals(
        probabilities[used, index], labels[used] == index, weights[used]
    )
    precisions, recalls = hits / calls, np.asarray(ratio(hits, hits[-1]))
    return np.r_[precisions[::-1], 1.0], np.r_[recalls[::-1], 0.0], thresholds[::-1]


def auroc(lower: Real[np.ndarray, ' n'], higher: Real[np.ndarray, ' m']) -> float:
    """Area under the ROC curve that separates two kinds of cells by a score.

    It is the chance that a random cell of the second kind scores higher than one of the
    first, where equal scores count half: 0.5 is guessing, 1 a perfect separation.

    Args:
        lower: Scores of cells that should score low, [n].
        higher: Scores of cells that should score high, [m].

    Raises:
        ValueError: A score is NaN.
    """
    n, m = len(lower), len(higher)
    ranks = rankdata(np.concatenate([lower, higher]), nan_policy='raise')
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))
