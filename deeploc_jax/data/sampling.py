"""Samplers choose the cells of batch i, as pure functions of (seed, i).

They remember nothing between calls, so that a resumed run sees the batches that it
would have seen without the interruption.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from jaxtyping import Integer


@dataclasses.dataclass(frozen=True)
class EpochSampler:
    """Draws every cell once in each epoch, in a new order each time.

    Epochs follow one another without a gap: a batch may hold the end of one epoch and
    the beginning of the next, and no remainder is dropped.

    Attributes:
        rows: Row numbers to draw from, [n].
        batch_size: Batch size over all devices.
        seed: Seed of the orders.
    """

    rows: Integer[np.ndarray, ' n']
    batch_size: int
    seed: int

    def __call__(self, step: int) -> Integer[np.ndarray, ' b']:
        """Row numbers of batch `step` (0, 1, ...), int64 [batch_size]."""
        n = len(self.rows)
        positions = step * self.batch_size + np.arange(self.batch_size)
        epochs = (positions // n).tolist()
        orders = {epoch: _order(self.seed, epoch, n) for epoch in set(epochs)}
        chosen = [
            orders[epoch][p % n] for epoch, p in zip(epochs, positions, strict=True)
        ]
        return self.rows[np.array(chosen)]


@functools.lru_cache(maxsize=4)
def _order(seed: int, epoch: int, n: int) -> Integer[np.ndarray, ' {n}']:
    return np.random.default_rng([seed, epoch]).permutation(n)


@dataclasses.dataclass(frozen=True)
class BalancedSampler:
    """Draws every class equally often: a random class, then one of its cells.

    Attributes:
        rows: Row numbers to draw from, [n].
        labels: Class of each of these rows, [n].
        batch_size: Batch size over all devices.
        seed: Seed of the draws.
    """

    rows: Integer[np.ndarray, ' n']
    labels: Integer[np.ndarray, ' n']
    batch_size: int
    seed: int

    @functools.cached_property
    def _by_class(self) -> list[np.ndarray]:
        return [self.rows[self.labels == label] for label in np.unique(self.labels)]

    def __call__(self, step: int) -> Integer[np.ndarray, ' b']:
        """Row numbers of batch `step` (0, 1, ...), int64 [batch_size]."""
        rng = np.random.default_rng([self.seed, step])
        classes = rng.integers(len(self._by_class), size=self.batch_size)
        places = rng.random(self.batch_size)
        cells = [self._by_class[c] for c in classes]
        return np.array(
            [rows[int(u * len(rows))] for rows, u in zip(cells, places, strict=True)]
        )


def make_sampler(
    labels: Integer[np.ndarray, ' n'],
    batch_size: int,
    seed: int,
    *,
    class_balanced: bool = False,
) -> EpochSampler | BalancedSampler:
    """Makes a sampler of the labelled cells of a split.

    Args:
        labels: Class indices, int [n], -1 for an unlabelled cell.
        batch_size: Batch size over all devices.
        seed: Seed of orders and draws.
        class_balanced: Whether each class is drawn equally often.

    Raises:
        ValueError: No cell is labelled.
    """
    rows = np.flatnonzero(np.asarray(labels) >= 0)
    if not len(rows):
        raise ValueError('The training split has no labelled cell to train on.')
    if class_balanced:
        return BalancedSampler(rows, np.asarray(labels)[rows], batch_size, seed)
    return EpochSampler(rows, batch_size, seed)
