"""A few labelled cells of each class are drawn, as a biologist would label them."""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import Integer, Shaped


def group_names(column: Shaped[np.ndarray, ' n']) -> Shaped[np.ndarray, ' n']:
    """Group label of each cell, as text [n]; a cell of an unknown group is alone."""
    names = column.astype(str).astype(object)
    unknown = names == ''
    names[unknown] = [f'cell {row}' for row in np.flatnonzero(unknown)]
    return names.astype(str)


def draw_cells(
    labels: Integer[np.ndarray, ' n'],
    groups: Shaped[np.ndarray, ' n'],
    per_class: int,
    seed: int,
) -> Integer[np.ndarray, ' m']:
    """Draws cells of each class, spread over as many groups as possible.

    The groups of a class give one cell each in turn, in random order. The cells of a
    smaller draw are among those of a larger one with the same seed. A class with too
    few cells gives all of them repeatedly.

    Args:
        labels: Classes of the cells, int [n]; unlabelled cells (-1) are never drawn.
        groups: Group label of each cell, such as its protein or field, [n].
        per_class: Number of cells of each class.
        seed: Seed of the draw.

    Returns:
        Row numbers, int64 [classes with cells * per_class], class by class.

    References:
        Kraus et al. 2017, Materials and Methods: sampled with replacement where a class
        is short.
    """
    chosen = []
    for label in np.unique(labels[labels >= 0]).tolist():
        rng = np.random.default_rng([seed, label])
        rows = rng.permutation(np.flatnonzero(labels == label))
        order = _in_turn(groups[rows])
        chosen.append(np.resize(rows[order], per_class))
    return np.concatenate(chosen) if chosen else np.zeros(0, int)


def _in_turn(groups: Shaped[np.ndarray, ' n']) -> Integer[np.ndarray, ' n']:
    """Order of the rows that takes one of each group before a second of any group."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    members = [np.flatnonzero(inverse == g) for g in np.argsort(first)]
    rounds = itertools.zip_longest(*members)
    return np.array([row for turn in rounds for row in turn if row is not None])
