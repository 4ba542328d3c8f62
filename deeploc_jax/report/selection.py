"""A picture shows only some of hundreds of classes, so that it can be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deeploc_jax.report.results import Results

MANY = 60
"""Number of classes up to which all are drawn."""
SHOWN = 40
"""Number of classes drawn where there are more than `MANY`; the tables have all."""
EXAMPLES = 20
"""Number of classes with crops where there are more: crops make a page large."""


def confused_classes(counts: np.ndarray, shown: int) -> np.ndarray:
    """The classes that most cells are confused among, in index order.

    Args:
        counts: int [k, k], rows the true class.
        shown: Number of classes where there are more than `MANY`.

    Returns:
        int [m]: all k, or those shown.
    """
    k = len(counts)
    if k <= MANY:
        return np.arange(k)
    wrong = np.where(np.eye(k, dtype=bool), 0, counts)
    worst = np.argsort(-wrong, axis=None, kind='stable')[: k * shown]
    members = np.stack(np.unravel_index(worst, wrong.shape), axis=1).ravel()
    _, first = np.unique(members, return_index=True)
    return np.sort(members[np.sort(first)][:shown])


def worst_classes(scores: Sequence[float | None]) -> np.ndarray:
    """The classes with the lowest scores, lowest first, where there are many.

    Args:
        scores: The k scores; None for a class without cells, which comes last.

    Returns:
        int [m]: all k in index order, or `SHOWN` of more than `MANY`.
    """
    if len(scores) <= MANY:
        return np.arange(len(scores))
    values = np.array(scores, np.float64)  # None becomes NaN, which is sorted last
    return np.argsort(values, kind='stable')[:SHOWN]


def example_classes(results: Results) -> np.ndarray:
    """The classes with examples: the most confused, or without labels most called."""
    if results.metrics['n_labelled']:
        counts = np.array(results.metrics['confusion'])
        return confused_classes(counts, EXAMPLES)
    k = len(results.class_names)
    called = np.bincount(results.column('predicted'), minlength=k)
    return np.sort(worst_classes((-called).tolist())[: k if k <= MANY else EXAMPLES])
