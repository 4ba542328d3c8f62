"""Changes are called as the DeepLoc paper does: Welch's t over cells, and its outliers.

The method takes cells for independent, though cells of a well are alike; it has no
error rate. It stands beside the other one because published numbers are made by it.

References:
    Kraus, Grys, Ba, Chong, Frey, Boone & Andrews 2017, Automated analysis of
    high-content microscopy data with deep learning, Molecular Systems Biology 13:924,
    "Identifying significant localization and abundance changes in alpha-factor".
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Bool, Float

from deeploc_jax.changes.wells import Wells

PRIOR = 0.01  # share of outliers among the scores of a class
FLUX = 10.0  # magnitude of the scores in the flux network
FOLD = 1.0  # magnitude of log2 fold changes of abundance
_ROUNDS = 1000


@dataclasses.dataclass(frozen=True)
class PaperCalls:
    """What the paper's method says of n proteins.

    Attributes:
        scores: Welch's t of each class; NaN where it is not defined.
        moved: Whether that of any class is an outlier.
        log2_fold: Of the intensity; NaN where it was not measured.
    """

    scores: Float[np.ndarray, 'n k']
    moved: Bool[np.ndarray, ' n']
    log2_fold: Float[np.ndarray, ' n']


def find_paper_calls(before: Wells, after: Wells) -> PaperCalls:
    """Scores, outliers and folds of proteins, from sums over their cells.

    Args:
        before: Of n proteins.
        after: Of the same ones.
    """
    scores = welch_scores(before, after)
    with np.errstate(invalid='ignore', divide='ignore'):
        fold = np.log2(after.intensity() / before.intensity())
    return PaperCalls(scores, np.any(outlying(scores), axis=1), fold)


def welch_scores(before: Wells, after: Wells) -> Float[np.ndarray, 'n k']:
    """Welch's t of each class over the cells; positive where the class gains.

    Args:
        before: Sums over the cells of n proteins.
        after: Of the same ones.

    Returns:
        NaN for less than two cells, or where no cell differs from another.
    """
    with np.errstate(invalid='ignore', divide='ignore'):
        spread = np.sqrt(before.variance_of_mean() + after.variance_of_mean())
        scores = (after.mean() - before.mean()) / spread
    return np.where(np.isfinite(scores), scores, np.nan)


def outlying(
    scores: Float[np.ndarray, 'n k'], prior: float = PRIOR
) -> Bool[np.ndarray, 'n k']:
    """Scores that are likelier under the uniform distribution, class by class.

    Gaussian and uniform are mixed with `prior`; an outlier is a score with a posterior
    above one half for the uniform distribution, which reaches from the least to the
    largest score.

    Args:
        scores: Welch's t; NaN is no outlier.
        prior: Share of the uniform distribution, which is not fitted.
    """
    columns = [_outlying(column, prior) for column in scores.T]
    return np.stack(columns, axis=1)


def _outlying(scores: np.ndarray, prior: float) -> np.ndarray:
    known = np.isfinite(scores)
    called = np.zeros(len(scores), bool)
    if known.sum() > 2 and np.ptp(scores[known]) > 0:
        called[known] = _uniform_posterior(scores[known], prior) > 0.5
    return called


def _uniform_posterior(x: np.ndarray, prior: float) -> np.ndarray:
    """Posterior [n] of the uniform part, with the Gaussian fitted by EM."""
    uniform = prior / np.ptp(x)
    mean, sd = np.median(x), np.std(x)
    posterior = np.zeros(len(x))
    for _ in range(_ROUNDS):
        density = np.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi))
        before = posterior
        posterior = uniform / (uniform + (1 - prior) * density)
        if np.abs(posterior - before).max() < 1e-9:
            break
        weight = 1 - posterior
        mean = weight @ x / weight.sum()
        # A Gaussian must not shrink onto a heap of equal scores.
        sd = max(np.sqrt(weight @ (x - mean) ** 2 / weight.sum()), 1e-6 * np.ptp(x))
    return posterior
