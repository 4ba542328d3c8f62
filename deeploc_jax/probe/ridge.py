"""Ridge regression on class indicators is a linear head in closed form, in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Shaped
from sklearn.base import BaseEstimator, ClassifierMixin


class Ridge(ClassifierMixin, BaseEstimator):
    """A linear classifier that is solved in closed form instead of trained.

    Class indicators are regressed on the features with an intercept, each class with
    the same total weight; the class with the largest fitted value is predicted. The
    number of features or of cells, whichever is smaller, is the size of the system.

    Args:
        alpha: Penalty on the squared weights. The weights of the cells add up to their
            number.

    References:
        Hastie, Tibshirani & Friedman 2009, The Elements of Statistical Learning,
        section 4.2, eq. 3.44.
    """

    def __init__(self, alpha: float):
        self.alpha = alpha

    def fit(self, x: Float[np.ndarray, 'n f'], y: Shaped[np.ndarray, ' n']) -> Ridge:
        """Solves for the weights from features x [n, f] and classes y [n], any type."""
        self.classes_, labels = np.unique(y, return_inverse=True)
        targets = jax.nn.one_hot(labels, len(self.classes_))
        solved = solve(jnp.asarray(x, jnp.float32), targets, self.alpha)
        self.coef_, self.intercept_ = map(np.asarray, solved)
        return self

    def predict(self, x: Float[np.ndarray, 'n f']) -> Shaped[np.ndarray, ' n']:
        """Classes [n] of features [n, f]."""
        return self.classes_[self.scores(x).argmax(1)]

    def scores(self, x: Float[np.ndarray, 'n f']) -> Float32[np.ndarray, 'n k']:
        """Fitted indicators, float32 [n, k]."""
        return np.asarray(x, np.float32) @ self.coef_ + self.intercept_


@jax.jit
def solve(
    x: Float32[Array, 'n f'],
    targets: Float32[Array, 'n k'],
    alpha: Float[Array, ''] | float,
) -> tuple[Float32[Array, 'f k'], Float32[Array, ' k']]:
    """Weights and intercept that minimize sum w (x b + c - t)^2 + alpha b^2.

    Args:
        x: Features of n cells.
        targets: Class indicators; a class without cells has no weight.
        alpha: Penalty on the squared weights.
    """
    n, f = x.shape
    counts = targets.sum(0)
    share = jnp.where(counts > 0, 1 / jnp.maximum(counts, 1), 0) / (counts > 0).sum()
    w = n * (targets @ share)
    total = w.sum()
    mean_x, mean_t = (w @ x) / total, (w @ targets) / total
    root = jnp.sqrt(w)[:, None]
    x, targets = root * (x - mean_x[None]), root * (targets - mean_t[None])
    with jax.default_matmul_precision('highest'):
        if f <= n:
            gram = x.T @ x + alpha * jnp.eye(f)
            weights = jax.scipy.linalg.solve(gram, x.T @ targets, assume_a='pos')
        else:
            gram = x @ x.T + alpha * jnp.eye(n)
            weights = x.T @ jax.scipy.linalg.solve(gram, targets, assume_a='pos')
        return weights, mean_t - mean_x @ weights
