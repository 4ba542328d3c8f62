"""Remarks say what to know of a protein before its row is believed."""

from __future__ import annotations

import numpy as np

from deeploc_jax.changes.abundance import Folds
from deeploc_jax.changes.localization import Moves
from deeploc_jax.changes.units import Condition

SINGLE = (
    'not repeated: nothing says whether another replicate would show the same change'
)
UNKNOWN = (
    'abundance not compared: no intensities in a condition, or in too few proteins, or '
    'none that can be told from the light of the plates'
)
UNLIKE = (
    'few proteins of its class: a change that all of the class make, as by the cell '
    'cycle, cannot be told from its own'
)
BOTH = 'it moved: its intensity may have changed by that'
DOUBLED = 1.0  # log2 of the fold of intensity beyond which looks may change with it
BRIGHTNESS = (
    'its intensity doubled or halved: a protein so much brighter or dimmer can look '
    'as if it were elsewhere'
)


def remarks_of(
    first: Condition, second: Condition, moves: Moves, folds: Folds, rate: float
) -> np.ndarray:
    """A list of remarks for each protein [n].

    Args:
        first: The condition before, of n proteins.
        second: The condition after.
        moves: Changes of localization.
        folds: Changes of abundance.
        rate: False-discovery rate of what is called.
    """
    moved, called = moves.q <= rate, folds.q <= rate
    pairs = (
        (SINGLE, np.minimum(first.count, second.count) < 2),
        (UNKNOWN, np.isnan(folds.log2_fold)),
        (UNLIKE, moved & (moves.alike < 0.5)),
        (BOTH, moved & called),
        (BRIGHTNESS, moved & (np.abs(folds.log2_fold) >= DOUBLED)),
    )
    rows = np.empty(len(moved), object)
    for i in range(len(rows)):
        rows[i] = [text for text, where in pairs if where[i]]
    return rows
