"""Proteins that moved are found: how far, from where to where, and how sure that is.

The shares of a protein's classes are a point; the length of its change is the Hellinger
distance, in which shares of 0.01 and of 0.5 scatter alike. The change that is expected
of the protein, by its neighbors before the treatment, is taken off. Two questions are
asked of the rest, and a mover must pass both:

1. Is it longer than changes of proteins that do not move, in this screen? This
   takes in all that makes proteins scatter, also what is the same in each replicate.
2. Is it longer than units of the protein scatter, with moderated variances? This can
   be asked only where something was repeated.

References:
    Smyth 2004 (moderation.py); Lu & Moses 2016 and 2018 (expectation.py).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from deeploc_jax.changes.expectation import expected_change, nearest_proteins
from deeploc_jax.changes.lengths import chances
from deeploc_jax.changes.moderation import squeeze
from deeploc_jax.changes.rates import q_values
from deeploc_jax.changes.units import Condition, degrees_of_freedom, squeezable

PSEUDO_CELLS = 0.5  # cells, evenly in all classes, that are added to each unit
LEVEL = 0.95  # of the intervals


@dataclasses.dataclass(frozen=True)
class Moves:
    """Changes of the localization of n proteins; `tables.MOVERS` says more.

    Attributes:
        change: Change of each share beyond the expected one.
        length: Hellinger length of the change.
        p, q: Of that length.
        usual: Median length of proteins that do not move.
        share: Share that moved, with its `low` and `high` limits.
        low: Lower limit.
        high: Upper limit.
        alike: Share of the neighbors that are mostly in the same class before.
    """

    change: Float[np.ndarray, 'n k']
    length: Float[np.ndarray, ' n']
    p: Float[np.ndarray, ' n']
    q: Float[np.ndarray, ' n']
    usual: float
    share: Float[np.ndarray, ' n']
    low: Float[np.ndarray, ' n']
    high: Float[np.ndarray, ' n']
    alike: Float[np.ndarray, ' n']


def find_moves(before: Condition, after: Condition, neighbors: int) -> Moves:
    """Compares the shares of classes.

    Args:
        before: The condition to compare with.
        after: The same proteins in the other condition.
        neighbors: Number of proteins that say what is expected of another.

    Raises:
        ValueError: There are too few proteins to see how they scatter.
    """
    start, end = (c.mean(roots(c)) for c in (before, after))
    nearest = nearest_proteins(start, neighbors)
    beyond = _beyond(end - start, nearest)
    length = np.linalg.norm(beyond, axis=1)
    alone = chances(length)
    p = np.maximum(alone.p, _p_of_units(before, after, length))
    first, last = (c.mean(c.units.mean()) for c in (before, after))
    place = first.argmax(axis=1)
    change = _beyond(last - first, nearest)
    share = np.abs(change).sum(axis=1) / 2
    margin = _margin(before, after, change, nearest)
    return Moves(
        change=change,
        length=length,
        p=p,
        q=q_values(p),
        usual=alone.usual,
        share=share,
        low=np.maximum(share - margin, 0),
        high=np.minimum(share + margin, 1),
        alike=(place[nearest] == place[:, None]).mean(axis=1),
    )


def roots(condition: Condition) -> Float[np.ndarray, 'u k']:
    """Square roots of the shares of each unit, the coordinates of Hellinger's distance.

    References:
        Bartlett 1936, The square root transformation in analysis of variance.
    """
    units, k = condition.units, condition.units.total.shape[1]
    total = units.total + PSEUDO_CELLS / k
    return np.sqrt(total / (units.count[:, None] + PSEUDO_CELLS))


def _beyond(
    change: Float[np.ndarray, 'n k'], nearest: Int[np.ndarray, 'n m']
) -> Float[np.ndarray, 'n k']:
    return change - expected_change(change, nearest)[0]


def _p_of_units(
    before: Condition, after: Condition, length: Float[np.ndarray, ' n']
) -> Float[np.ndarray, ' n']:
    """Chance of the length if only units scatter; 0 if nothing says how they do.

    The sum over classes of their variances is moderated as one variance. As if all of
    it were along the change: too wide a null, rather than one that is too narrow.
    """
    df = degrees_of_freedom(before, after)
    if not squeezable(df):
        return np.zeros(len(length))
    squares = np.add(*(c.squares(roots(c)).sum(axis=1) for c in (before, after)))
    variance, df = squeeze(squares, df)
    ratio = length**2 / (variance * (1 / before.count + 1 / after.count))
    return 2 * stats.t.sf(np.sqrt(ratio), df)


def _margin(
    before: Condition,
    after: Condition,
    change: Float[np.ndarray, 'n k'],
    nearest: Int[np.ndarray, 'n m'],
) -> Float[np.ndarray, ' n']:
    """Half the length of the interval of the share that moved.

    The share is a sum over classes with the signs of their changes. It scatters between
    units; where these are single, what is known is how the same sum scatters between
    the neighbors.
    """
    signs = np.sign(change) / 2
    df = degrees_of_freedom(before, after)
    if squeezable(df):
        squares = np.zeros(len(df))
        for c in (before, after):
            sums = (c.units.mean() * signs[c.protein]).sum(axis=1, keepdims=True)
            squares += c.squares(sums)[:, 0]
        variance, df = squeeze(squares, df)
        error = np.sqrt(variance * (1 / before.count + 1 / after.count))
        return stats.t.ppf((1 + LEVEL) / 2, df) * error
    sums = np.einsum('nmk,nk->nm', change[nearest], signs)
    spread = stats.median_abs_deviation(sums, axis=1, scale='normal')
    return stats.norm.ppf((1 + LEVEL) / 2) * spread
