"""Proteins that changed their abundance are found by the intensity of all of them.

Each plate has its own lamp, in no table. What all wells of a plate have in common is
taken off, so a change that all proteins share cannot be seen.

A protein that moves looks brighter or dimmer by that alone: flat or round, in or out of
focus. Proteins that may have moved are therefore held against the scatter of these. A
mean over five cells scatters more than one over fifty: folds are compared by what is
usual for their number of cells. As for movers, two questions are asked: is the fold
larger than those of other proteins, and than units of the protein scatter?
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from deeploc_jax.changes.moderation import squeeze
from deeploc_jax.changes.rates import FEWEST, fit_scale, q_values, spread_of
from deeploc_jax.changes.units import Condition, degrees_of_freedom, squeezable
from deeploc_jax.changes.wells import Wells

FEWEST_MOVERS = 10  # movers that say how the intensity of movers scatters
LEVEL = 0.95  # of the intervals
# Degrees of freedom of the scatter of folds: some wells are odd. Chosen on simulated
# screens; docs/results/movers.md says which.
TAIL = 7.0
EFFICIENCY = 0.37  # of the MAD: so many degrees of freedom a protein (Rousseeuw 1993)
PARTS = np.append(0.0, np.geomspace(0.1, 30, 12))  # see `_scatter`
LEAST = 1e-5  # scatter of folds, in log2; below it there is none to go by
_PLATE = ('screen', 'condition', 'replicate', 'plate')  # columns that tell plates apart


@dataclasses.dataclass(frozen=True)
class Folds:
    """Changes of the abundance of n proteins; NaN where intensities are not known.

    Attributes:
        log2_fold: Binary logarithm of the intensity after over before.
        low: Lower limit of its interval.
        high: Upper limit.
        p: Chance of the change without one.
        q: False-discovery rate.
    """

    log2_fold: Float[np.ndarray, ' n']
    low: Float[np.ndarray, ' n']
    high: Float[np.ndarray, ' n']
    p: Float[np.ndarray, ' n']
    q: Float[np.ndarray, ' n']


def find_folds(
    before: Condition, after: Condition, moved: Bool[np.ndarray, ' n']
) -> Folds:
    """Compares intensities, of which plates have been taken off (`even_plates`).

    Nothing is known of any protein where fewer than `FEWEST` have intensities, or where
    folds do not scatter: a protein that is alone on its plates has none of its own.

    Args:
        before: The condition to compare with.
        after: The same proteins in the other condition.
        moved: Proteins that moved, or may have. If few others are left, all proteins
            say how they scatter.
    """
    values = [c.units.log2_intensity()[:, None] for c in (before, after)]
    start, end = (c.mean(v)[:, 0] for c, v in zip((before, after), values, strict=True))
    fold = end - start
    known = np.isfinite(fold)
    still = known & ~moved
    if still.sum() < FEWEST:
        still = known
    if still.sum() < FEWEST or stats.median_abs_deviation(fold[still]) < LEAST:
        return Folds(*(np.full(len(fold), np.nan) for _ in range(5)))
    cells = 1 / before.cells.count + 1 / after.cells.count
    usual = _scatter(fold - np.median(fold[still]), cells, still)
    center, scale = fit_scale((fold / usual)[still])
    scales = np.full(len(fold), scale)
    if (known & moved).sum() >= FEWEST_MOVERS:
        scales[moved] = max(scale, spread_of(fold / usual, known & moved))
    df = 1 / (1 / TAIL + 1 / (EFFICIENCY * still.sum()))
    p, q = np.full(len(fold), np.nan), np.full(len(fold), np.nan)
    p[known] = 2 * stats.t.sf(np.abs(fold / usual - center) / scales, df)[known]
    fold = fold - center * usual
    margin = stats.t.ppf((1 + LEVEL) / 2, df) * scales * usual
    if squeezable(degrees_of_freedom(before, after)[known]):
        error, df = _errors(before, after, values, known)
        p = np.maximum(p, 2 * stats.t.sf(np.abs(fold) / error, df))
        margin = stats.t.ppf((1 + LEVEL) / 2, df) * error
    q[known] = q_values(p[known])
    return Folds(fold, fold - margin, fold + margin, p, q)


def _scatter(
    fold: Float[np.ndarray, ' n'],
    cells: Float[np.ndarray, ' n'],
    still: Bool[np.ndarray, ' n'],
) -> Float[np.ndarray, ' n']:
    """How the folds of proteins scatter by their number of cells, up to a factor.

    The variance is that of a cell over their number, plus a part that all proteins
    have. Of the parts tried, that with the likeliest folds counts, by a Laplace
    distribution, for which those that changed weigh little.

    Args:
        fold: Changes, of which the median is 0.
        cells: Sum over the conditions of 1 / number of cells.
        still: Proteins to go by.
    """
    every = [np.sqrt(cells + part * np.median(cells)) for part in PARTS]
    fits = [
        np.log(u[still]).mean() + np.log(np.abs(fold / u)[still].mean()) for u in every
    ]
    return every[int(np.argmin(fits))]


def _errors(
    before: Condition,
    after: Condition,
    values: list[np.ndarray],
    known: Bool[np.ndarray, ' n'],
) -> tuple[Float[np.ndarray, ' n'], Float[np.ndarray, ' n']]:
    """Moderated errors of the folds and their degrees of freedom."""
    squares = before.squares(values[0])[:, 0] + after.squares(values[1])[:, 0]
    df = np.where(known, degrees_of_freedom(before, after), 0.0)
    variance, df = squeeze(np.where(known, squares, 0.0), df)
    return np.sqrt(variance * (1 / before.count + 1 / after.count)), df


def even_plates(wells: Wells, rounds: int = 30) -> Wells:
    """Takes off the log2 intensities what the wells of a plate have in common.

    Median polish: a well is its protein plus its plate.

    References:
        Tukey 1977, Exploratory data analysis; Brideau et al. 2003, Improved statistical
        methods for hit selection in high-throughput screening (B score).
    """
    measured = wells.sums[:, 1] > 0
    if not measured.any():
        return wells
    value = np.where(measured, wells.log2_intensity(), 0.0)
    plate, protein = (_codes(wells, names) for names in (_PLATE, ('protein',)))
    offset = np.zeros(plate.max() + 1)
    for _ in range(rounds):
        rest = value - offset[plate]
        rest = rest - _medians(rest, protein, measured)[protein]
        step = _medians(rest, plate, measured)
        offset += step
        if np.abs(step).max() < 1e-6:
            break
    sums = wells.sums.copy()
    sums[:, 3] -= sums[:, 1] * offset[plate]
    return dataclasses.replace(wells, sums=sums)


def _codes(wells: Wells, names: tuple[str, ...]) -> np.ndarray:
    joined = np.stack([wells.keys[name].astype(str) for name in names])
    return np.unique(joined, axis=1, return_inverse=True)[1].ravel()


def _medians(values: np.ndarray, group: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Median of the kept values of each group; 0 of none."""
    groups = group.max() + 1
    group, values = group[kept], values[kept]
    values = values[np.lexsort((values, group))]
    count = np.bincount(group, minlength=groups)
    end = np.cumsum(count)
    low, high = end - count + (count - 1) // 2, end - count + count // 2
    middle = (values[np.where(count, low, 0)] + values[np.where(count, high, 0)]) / 2
    return np.where(count > 0, middle, 0.0)
