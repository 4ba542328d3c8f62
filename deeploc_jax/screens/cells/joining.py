"""Pieces that belong to one cell are joined: over-cut cells, and buds with mothers."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int32

from deeploc_jax.screens.cells.contacts import Contacts

SHAPE = dict(
    intercept=-8.15,
    neck=6.96,
    size=-2.6,
    neighbors_small=-1.63,
    neighbors_large=-1.01,
    ellipse=10.92,
)
"""Logistic regression on pairs of pieces; `benchmarks/segmentation.py` fits it.

Brightness is not among the measures: simulated buds are as bright as their mothers, and
real neighbors too.
"""
WITH_NUCLEI = dict(
    intercept=-7.24,
    neck=0.96,
    size=-3.23,
    neighbors_small=-1.09,
    neighbors_large=-0.79,
    ellipse=18.55,
    poorer=-1.39,
    richer=-2.73,
    between=3.26,
)
"""The same where a nuclear channel is there."""
ROUND = 0.8  # neck over half width from which on a cell was cut, not a bud


def join_pieces(
    pieces: Int32[np.ndarray, 'h w'], contacts: Contacts, buds: str
) -> Int32[np.ndarray, 'h w']:
    """Joins pieces of one cell, the likeliest pair first.

    A cell has at most two pieces: no mother carries two buds.

    Args:
        pieces: Label image [h, w] of the pieces.
        contacts: Pairs of pieces that touch.
        buds: 'with_mother' or 'apart', see `CellOptions`.

    Returns:
        Label image [h, w] of the cells, numbered from 1 without gaps.
    """
    probability = probability_of_one_cell(contacts)
    if buds == 'apart':
        probability = np.where(contacts.measures['neck'] > ROUND, probability, 0)
    target = np.arange(int(pieces.max(initial=0)) + 1)
    taken = np.zeros(len(target), bool)
    for pair in np.argsort(-probability, kind='stable'):
        if probability[pair] <= 0.5:
            break
        small, large = contacts.small[pair], contacts.large[pair]
        if not (taken[small] or taken[large]):
            target[small] = large
            taken[[small, large]] = True
    _, numbers = np.unique(target, return_inverse=True)
    return numbers.astype(np.int32)[pieces]


def probability_of_one_cell(contacts: Contacts) -> Float[np.ndarray, ' n']:
    """Probability [n] that two pieces are one cell, or a bud and its mother."""
    factors = WITH_NUCLEI if 'poorer' in contacts.measures else SHAPE
    score = np.full(len(contacts), factors['intercept'])
    for name, values in contacts.measures.items():
        score = score + factors[name] * values
    return 1 / (1 + np.exp(-score))
