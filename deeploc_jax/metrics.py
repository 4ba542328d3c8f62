"""Metrics judge class probabilities, in NumPy; they agree with scikit-learn.

Every function takes `probabilities` [n, k], `labels` int [n] in 0..k-1 and optional
`weights`. Weights are [n], or [..., n] where a function says so: the leading axes are
kept in the result, which lets a bootstrap judge many resamples at once. Unlabelled
cells (label -1) are an error: leave them out with the mask `labels >= 0`.

A class without a (weighted) cell is NaN in a per-class result and left out of the
macro means. A class with cells that is never predicted has precision 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse
from jaxtyping import Float, Float64, Integer, Real

Value = float | np.ndarray  # a number for weights [n], [...] for weights [..., n]


def check_labels(
    labels: np.ndarray, num_cells: int, num_classes: int
) -> Integer[np.ndarray, ' {num_cells}']:
    """Labels [n] as they are, or a ValueError that names the first unusable one."""
    labels = np.asarray(labels)
    if labels.shape != (num_cells,) or labels.dtype.kind not in 'iu':
        raise ValueError(
            f'labels must be {num_cells} integers, one for each row of predictions, '
            f'but are {labels.dtype} of shape {labels.shape}.'
        )
    bad = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if bad.size:
        raise ValueError(
            f'labels[{bad[0]}] is {labels[bad[0]]}, not a class in 0..'
            f'{num_classes - 1} ({bad.size} of {num_cells} labels are not). Leave out '
            'unlabelled cells (-1) with the mask labels >= 0.'
        )
    return labels


def check_cells(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> tuple[
    Real[np.ndarray, 'n k'], Integer[np.ndarray, ' n'], Float64[np.ndarray, '*r n']
]:
    """The three arguments of a metric, checked; weights are ones when not given.

    Raises:
        ValueError: Shapes do not match, there is no cell or an unlabelled one, values
            are no probabilities, or weights are negative or sum to zero.
    """
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise ValueError(
            'probabilities must be [cells, classes] with at least one of each, but '
            f'have shape {probabilities.shape}.'
        )
    n, k = probabilities.shape
    labels = check_labels(labels, n, k)
    inside = ((probabilities >= 0) & (probabilities <= 1.001)).all(axis=1)
    if not inside.all():
        row = int(np.argmin(inside))
        raise ValueError(
            f'probabilities[{row}] has values outside 0..1: {probabilities[row]}. '
            'Give probabilities (softmax), not logits, without NaN.'
        )
    weights = np.ones(n) if weights is None else np.asarray(weights, np.float64)
    if weights.shape[-1:] != (n,) or not (weights >= 0).all():
        raise ValueError(
            f'weights must be non-negative with {n} cells on the last axis, but have '
            f'shape {weights.shape} and minimum {weights.min(initial=np.inf)}.'
        )
    if not (weights.sum(axis=-1) > 0).all():
        raise ValueError(
            'weights are zero for every cell: nothing is left to evaluate.'
        )
    return probabilities, labels, weights


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike, empty: float = np.nan) -> Value:
    """`part / whole`, and `empty` where whole is zero."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), whole)
    return np.divide(part, whole, out=np.full(part.shape, empty), where=whole > 0)[()]


def sum_by(
    index: Integer[np.ndarray, ' n'], weights: Float[np.ndarray, 'n r'], count: int
) -> Float64[np.ndarray, '{count} r']:
    """Sums [count, r] of the weights [n, r] of the cells that have each index [n]."""
    n = len(index)
    member = scipy.sparse.csr_array((np.ones(n), index, np.arange(n + 1)), (n, count))
    return member.T @ weights


def _mean(values: np.ndarray, weights: np.ndarray) -> Value:
    return weights @ values.astype(np.float64) / weights.sum(axis=-1)


def macro_mean(per_class: Float[np.ndarray, '*r k']) -> Value:
    """Mean [...] of per-class numbers [..., k] over the classes that occur."""
    known = ~np.isnan(per_class)
    return ratio(np.where(known, per_class, 0.0).sum(axis=-1), known.sum(axis=-1))


def certain(
    predicted: Integer[np.ndarray, ' n'], num_classes: int
) -> Float64[np.ndarray, 'n {num_classes}']:
    """Probabilities [n, k] of a classifier that only names a class [n]: 1 for that."""
    return np.eye(num_classes)[predicted]


def log_loss(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Value:
    """Mean negative log probability of the true class, in nats; weights [..., n].

    Probabilities are floored at the resolution of their dtype, so that one confident
    mistake cannot make the loss infinite.
    """
    probabilities, labels, weights = check_cells(probabilities, labels, weights)
    true = probabilities[np.arange(len(labels)), labels]
    floor = np.finfo(np.result_type(true, np.float16)).eps
    return _mean(-np.log(np.maximum(true, floor).astype(np.float64)), weights)


def accuracy(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Value:
    """Fraction of cells whose most probable class is the true one; weights [..., n]."""
    probabilities, labels, weights = check_cells(probabilities, labels, weights)
    return _mean(probabilities.argmax(axis=1) == labels, weights)


def top_k_accuracy(
    probabilities: np.ndarray,
    labels: np.ndarray,
    k: int = 2,
    weights: np.ndarray | None = None,
) -> Value:
    """Fraction of cells with the true class among the k most probable; [..., n].

    Of equally probable classes the one with the lower index comes first, as in argmax.
    """
    if k < 1:
        raise ValueError(f'k ({k}) must be at least 1.')
    probabilities, labels, weights = check_cells(probabilities, labels, weights)
    ranked = np.argsort(-probabilities, axis=1, kind='stable')[:, :k]
    return _mean((ranked == labels[:, None]).any(axis=1), weights)


def confusion_matrix(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Real[np.ndarray, 'k k']:
    """Counts [k, k], true class in rows, predicted in columns; weights [n].

    Integers without weights, summed weights (float64) with them.
    """
    probabilities, labels, checked = check_cells(probabilities, labels, weights)
    k = probabilities.shape[1]
    pair = labels.astype(np.int64) * k + probabilities.argmax(axis=1)
    counts = np.bincount(pair, None if weights is None else checked, k * k)
    return counts.reshape(k, k)


def row_fractions(counts: Real[np.ndarray, 'k k']) -> Float64[np.ndarray, 'k k']:
    """Counts [k, k] as shares of their rows, float64; a row without cells is NaN."""
    return np.asarray(ratio(counts, counts.sum(axis=1, keepdims=True)))


def _class_totals(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None
) -> tuple[
    Float64[np.ndarray, '*r k'],
    Float64[np.ndarray, '*r k'],
    Float64[np.ndarray, '*r k'],
]:
    """Weights [..., k] of the cells that are right, in, and predicted in each class."""
    probabilities, labels, weights = check_cells(probabilities, labels, weights)
    k, predicted = probabilities.shape[1], probabilities.argmax(axis=1)
    by_cell = np.ascontiguousarray(weights.reshape(-1, len(labels)).T)
    right = labels == predicted
    totals = (
        sum_by(labels[right], by_cell[right], k),
        sum_by(labels, by_cell, k),
        sum_by(predicted, by_cell, k),
    )
    hits, cells, calls = (t.T.reshape(*weights.shape[:-1], k) for t in totals)
    return hits, cells, calls


def recall(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Float64[np.ndarray, '*r k']:
    """Fraction of a class's cells that are predicted in it, [..., k]; [..., n]."""
    hits, cells, _ = _class_totals(probabilities, labels, weights)
    return np.asarray(ratio(hits, cells))


def precision(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Float64[np.ndarray, '*r k']:
    """Fraction of the cells predicted in a class that are in it, [..., k]; [..., n]."""
    hits, cells, calls = _class_totals(probabilities, labels, weights)
    return np.where(cells > 0, ratio(hits, calls, empty=0.0), np.nan)


def f1(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Float64[np.ndarray, '*r k']:
    """Harmonic mean of precision and recall, [..., k]; weights [..., n]."""
    hits, cells, calls = _class_totals(probabilities, labels, weights)
    return np.where(cells > 0, ratio(2 * hits, cells + calls), np.nan)


def balanced_accuracy(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> Value:
    """Mean recall over the classes that occur; weights [..., n]."""
    return macro_mean(recall(probabilities, labels, weights))
