"""The shares of a protein's cells that have it in each compartment are estimated.

The mean of the probabilities is drawn towards what the network leaves open: a protein
that is wholly in one place never has a mean of 1 there. Where probabilities are
calibrated on cells with class shares `prior`, p / prior is the likelihood of a cell in
each class up to a factor, and the shares of a protein's mixture are those under which
its cells are most likely (Saerens et al. 2002). EM finds them.

References:
    Saerens, Latinne & Decaestecker 2002, Adjusting the outputs of a classifier to new
    a priori probabilities, Neural Computation 14.
    Rubin 1981, The Bayesian bootstrap, Annals of Statistics 9.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Integer
from scipy.special import softmax

from deeploc_jax.metrics import sum_by
from deeploc_jax.profiles.groups import Groups

STEPS, CLOSE = 300, 1e-4
"""Most steps of EM, and the change of a share below which it ends."""
SOME = 5
"""Steps after which groups that no longer change are left out."""
GRID = np.linspace(0, 1, 101)
"""Shares of two compartments that are tried."""
FLOOR = 1e-7
"""Least likelihood of a class; float32 probabilities below it are 0."""


def likeliest_shares(
    likelihoods: Float[np.ndarray, 'n k'], groups: Groups
) -> Float[np.ndarray, 'g k']:
    """Shares of the classes in each group by maximum likelihood.

    Args:
        likelihoods: Of each cell in each class, up to a factor a cell; a class of which
            all are 0 has a share of 0.
        groups: Of the n cells; a group without cells has NaN.
    """
    usable = np.asarray(likelihoods.any(axis=0))
    order = np.argsort(groups.of_cell, kind='stable')
    scaled = np.where(usable, np.maximum(likelihoods[order], FLOOR), 0)
    counts = groups.count()
    shares = np.full((len(groups), usable.size), np.nan, np.float32)
    left = np.flatnonzero(counts)  # groups that still change
    rows = scaled.astype(np.float32)
    now = np.tile(np.float32(usable / max(1, usable.sum())), (len(left), 1))
    for step in range(STEPS):
        sizes = counts[left]
        joint = np.repeat(now, sizes, axis=0) * rows
        joint /= joint.sum(axis=1, keepdims=True)
        starts = np.cumsum(sizes) - sizes
        new = np.add.reduceat(joint, starts, axis=0) / sizes[:, None]
        moving = np.abs(new - now).max(axis=1) > CLOSE
        shares[left], now = new, new
        if not moving.any():
            break
        if step % SOME == 0:
            left, now = left[moving], now[moving]
            rows = rows[np.repeat(moving, sizes)]
    return shares


def two_largest(
    shares: Float[np.ndarray, 'g k'], means: Float[np.ndarray, 'g k']
) -> Integer[np.ndarray, 'g 2']:
    """Classes with the largest and the second largest share; ties go by the means.

    Rows of NaN give the first two classes.
    """
    tie = 1e-3 * np.nan_to_num(means)
    small = np.where(np.nan_to_num(shares) < 1e-3, 0, np.nan_to_num(shares))
    return np.argsort(-(small + tie), axis=1, kind='stable')[:, :2]


def share_of_two(
    first: Float[np.ndarray, ' n'],
    second: Float[np.ndarray, ' n'],
    wells: Integer[np.ndarray, ' n'],
    *,
    level: float = 0.95,
    resamples: int = 200,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Share of the first of two compartments in one group, and its interval.

    The interval has the likeliest shares given the cells and a flat prior: it reaches 1
    where nothing speaks for the second compartment, and is as wide as the number of
    cells demands. Where there are several wells, which may differ by more than chance,
    the likelihood is averaged over a Bayesian bootstrap that gives them random weights.

    Args:
        first: Likelihood of each cell in the first compartment.
        second: The same in the second.
        wells: Number of each cell's well.
        level: Probability that the share is in the interval.
        resamples: Number of draws of the weights.
        rng: Source of the weights.

    Returns:
        (share, low, high), in steps of 0.01.
    """
    one, two = (np.maximum(x, FLOOR)[:, None] for x in (first, second))
    logs = np.log(GRID * one + (1 - GRID) * two)
    names, of_cell = np.unique(wells, return_inverse=True)
    by_well = sum_by(of_cell, logs, len(names))
    weights = np.ones((1, 1))
    if len(names) > 1:
        weights = rng.exponential(size=(resamples, len(names)))
    density = softmax(weights @ by_well, axis=1).mean(axis=0)
    order = np.argsort(-density, kind='stable')
    inside = order[: np.searchsorted(density[order].cumsum(), level) + 1]
    share = GRID[by_well.sum(axis=0).argmax()]
    return float(share), float(GRID[inside.min()]), float(GRID[inside.max()])
