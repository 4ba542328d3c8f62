"""Reliability compares the accuracy of predictions with their confidence.

Arguments are those of `metrics`: `probabilities` [n, k], `labels` int [n], optional
`weights` [..., n].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from deeploc_jax.metrics import Value, check_cells, ratio

NOT_CALIBRATED = 'not calibrated'
"""First words of a calibration, on cards and in run.json, without a temperature."""


class Reliability(NamedTuple):
    """Accuracy against confidence; confidence and accuracy are NaN in empty bins."""

    edges: Float64[np.ndarray, ' bins+1']
    confidence: Float64[np.ndarray, '*r bins']  # mean of the highest class probability
    accuracy: Float64[np.ndarray, '*r bins']
    count: Float64[np.ndarray, '*r bins']  # summed weights


def reliability_curve(
    probabilities: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
    bins: int = 15,
) -> Reliability:
    """Accuracy by confidence in `bins` bins of equal width over 0..1; weights [..., n].

    A bin holds its upper edge, and the first one also 0.
    """
    probabilities, labels, weights = check_cells(probabilities, labels, weights)
    edges = np.linspace(0.0, 1.0, bins + 1)
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    member = np.eye(bins)[np.digitize(confidence, edges[1:-1], right=True)]
    count = weights @ member
    return Reliability(
        edges,
        np.asarray(ratio(weights @ (member * confidence[:, None]), count)),
        np.asarray(ratio(weights @ (member * right[:, None]), count)),
        count,
    )


def expected_calibration_error(
    probabilities: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
    bins: int = 15,
) -> Value:
    """Mean distance of accuracy from confidence over the cells; weights [..., n].

    References:
        Guo et al. 2017, On calibration of modern neural networks, equation 3.
    """
    curve = reliability_curve(probabilities, labels, weights, bins)
    gap = np.nan_to_num(np.abs(curve.accuracy - curve.confidence))
    return (gap * curve.count).sum(axis=-1) / curve.count.sum(axis=-1)
