"""Cells are put in the order in which looking at them is worth most.

References:
    Northcutt et al. 2021, Confident learning: estimating uncertainty in dataset labels.
    J. Artif. Intell. Res. 70.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Integer

from deeploc_jax.curate.orders.teaching import teaching_order
from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.lookup import check_name

ORDERS = ('suspicion', 'teaching', 'novelty', 'class', 'protein', 'random')


def orders_of(cells: Curated) -> tuple[str, ...]:
    """The orders that are possible with what is known of the cells."""
    lacking = set()
    if cells.probabilities is None:
        lacking.add('suspicion')
    if cells.probabilities is None or cells.features is None:
        lacking.add('teaching')
    if cells.novelty is None:
        lacking.add('novelty')
    return tuple(order for order in ORDERS if order not in lacking)


def suspicion(
    labels: Integer[np.ndarray, ' n'], probabilities: Float[np.ndarray, 'n k']
) -> Float[np.ndarray, ' n']:
    """How far the probability of its label is below what is usual for that class.

    1 - p / t, where the threshold t of a class is the mean probability of the class
    over the cells that have its label (eq. 2 of the paper): classes that the network
    finds hard are not all suspected. Above 0, the label is one that confident learning
    does not confirm; 1 is the most. How it compares with the margins of the paper is
    measured in benchmarks/studies/mislabelled.py.

    Args:
        labels: int [n] in 0..k-1.
        probabilities: float [n, k], calibrated, of a network that was not trained on
            these labels. A class that the network does not know is 0 for all cells.

    Returns:
        float [n]; -inf for a label that the network does not know.
    """
    n, k = probabilities.shape
    own = probabilities[np.arange(n), labels].astype(np.float64)
    sums = np.bincount(labels, own, minlength=k)
    thresholds = sums / np.maximum(np.bincount(labels, minlength=k), 1)
    known = thresholds[labels] > 0
    return np.where(known, 1 - own / np.where(known, thresholds[labels], 1), -np.inf)


def order_cells(cells: Curated, order: str, seed: int = 0) -> Int[np.ndarray, ' n']:
    """Rows of all cells, the first to look at first.

    Args:
        cells: The cells.
        order: One of `orders_of`. By class and by protein, the most suspicious cells of
            each come first, where probabilities are known.
        seed: Seed of the random order, which also decides between equals.

    Raises:
        ValueError: There is no such order, or nothing is known of what it needs.
    """
    check_name('order', order, orders_of(cells))
    p, features = cells.probabilities, cells.features
    if order == 'teaching' and p is not None and features is not None:
        return teaching_order(p, features, seed)
    shuffled = np.random.default_rng(seed).permutation(len(cells))
    if order == 'random':
        return shuffled
    if order == 'novelty' and cells.novelty is not None:
        keys = [-cells.novelty]
    else:
        keys = [_suspicion_first(cells)]
    if order in ('class', 'protein'):
        groups = cells.named if order == 'class' else cells.metadata['protein']
        keys.append(np.unique(groups, return_inverse=True)[1])
    return shuffled[np.lexsort([key[shuffled] for key in keys])]


def _suspicion_first(cells: Curated) -> np.ndarray:
    """A key that is smallest for the most suspicious cell, float [n]."""
    if cells.probabilities is None:
        return np.zeros(len(cells))
    return -suspicion(cells.named, cells.probabilities)
