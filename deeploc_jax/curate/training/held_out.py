"""Cells are held out by groups, and what is found on them is uncertain by groups."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.model_selection import StratifiedGroupKFold

from deeploc_jax.curate.training.material import Material

FOLDS = 5


def folds_of(material: Material, seed: int) -> Int[np.ndarray, ' m']:
    """Number of the fold of each cell; groups stay together.

    Args:
        material: The cells.
        seed: Seed of the division.
    """
    count = min(FOLDS, len(np.unique(material.groups)))
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    fold = np.zeros(len(material.rows), np.int64)
    with warnings.catch_warnings():  # a class with few cells is in few folds
        warnings.filterwarnings('ignore', 'The least populated class')
        split = splitter.split(material.rows, material.labels, material.groups)
        for number, (_, own) in enumerate(split):
            fold[own] = number
    return fold


def standard_error(
    values: Float[np.ndarray, ' n'], groups: Shaped[np.ndarray, ' n']
) -> float | None:
    """Standard error of a mean of values that are alike within groups.

    Args:
        values: The values.
        groups: Group of each of them.

    Returns:
        None where there is one group.

    References:
        Cameron & Miller 2015, A practitioner's guide to cluster-robust inference. J.
        Hum. Resour. 50: the sandwich estimator for a mean.
    """
    sums = np.bincount(
        np.unique(groups, return_inverse=True)[1], values - values.mean()
    )
    if len(sums) < 2:
        return None
    scale = len(sums) / (len(sums) - 1)
    return float(np.sqrt(scale * (sums**2).sum()) / len(values))
