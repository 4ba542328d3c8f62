"""A linear classifier of features, fitted in a fraction of a second."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float, Integer
from sklearn.linear_model import LogisticRegression

PENALTY = 0.1  # C of scikit-learn, on standardized features; as in the studies


@dataclasses.dataclass(frozen=True)
class Linear:
    """A classifier: logits = features @ kernel + bias."""

    kernel: Float[np.ndarray, 'f k']
    bias: Float[np.ndarray, ' k']

    def __call__(self, x: Float[np.ndarray, 'n f']) -> Float[np.ndarray, 'n k']:
        """Logits of features."""
        return x @ self.kernel + self.bias


def fit(
    x: Float[np.ndarray, 'n f'], labels: Integer[np.ndarray, ' n'], count: int
) -> Linear:
    """A logistic regression; a class without a cell is never called.

    Args:
        x: Standardized features.
        labels: Classes of the cells, from 0.
        count: Number of classes.
    """
    there = np.unique(labels)
    kernel, bias = np.zeros((x.shape[1], count)), np.full(count, -1e3)
    bias[there] = 0
    if len(there) > 1:
        fitted = LogisticRegression(C=PENALTY, max_iter=300, tol=1e-3).fit(x, labels)
        own = np.column_stack([fitted.coef_, fitted.intercept_])
        if len(there) == 2:  # scikit-learn has one logit for two classes
            own = np.concatenate([-own, own]) / 2
        kernel[:, there], bias[there] = own[:, :-1].T, own[:, -1]
    return Linear(kernel, bias)
