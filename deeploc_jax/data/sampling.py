"""Which cells make up batch i: pure functions of (seed, i).

Nothing is remembered between calls, so that a resumed run sees the batches it would
have seen, whatever reads the images.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np


@dataclasses.dataclass(frozen=True)
class EpochSampler:
    """Every cell once an epoch, in a new order each time.

    Epochs follow one another without a gap: a batch may hold the end of one and the
    beginning of the next, and no tail is dropped.

    Attributes:
        rows: Row numbers to draw from, [n].
        batch_size: Global batch size.
        seed: Decides the orders.
    """

    rows: np.ndarray
    batch_size: int
    seed: int

    def __call__(self, step: int) -> np.ndarray:
        """Row numbers of batch `step` (0, 1, ...), int64 [batch_size]."""
        n = len(self.rows)
        positions = step * self.batch_size + np.arange(self.batch_size)
        epochs = positions // n
        orders = {epoch: _order(self.seed, epoch, n) for epoch in np.unique(epochs)}
        chosen = [
            orders[epoch][p % n] for epoch, p in zip(epochs, positions, strict=True)
        ]
        return self.rows[np.array(chosen)]


@functools.lru_cache(maxsize=4)
def _order(seed: int, epoch: int, n: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(n)


@dataclasses.dataclass(frozen=True)
class BalancedSampler:
    """Every class equally often: a class at random, then one of its cells.

    Attributes:
        rows: Row numbers to draw from, [n].
        labels: Their classes, [n].
        batch_size: Global batch size.
        seed: Decides the draws.
    """

    rows: np.ndarray
    labels: np.ndarray
    batch_size: int
    seed: int

    @functools.cached_property
    def _by_class(self) -> list[np.ndarray]:
        return [self.rows[self.labels == label] for label in np.unique(self.labels)]

    def __call__(self, step: int) -> np.ndarray:
        """Row numbers of batch `step` (0, 1, ...), int64 [batch_size]."""
        rng = np.random.default_rng([self.seed, step])
        classes = rng.integers(len(self._by_class), size=self.batch_size)
        places = rng.random(self.batch_size)
        cells = [self._by_class[c] for c in classes]
        return np.array(
            [rows[int(u * len(rows))] for rows, u in zip(cells, places, strict=True)]
        )


def make_sampler(
    labels: np.ndarray, batch_size: int, seed: int, *, class_balanced: bool = False
) -> EpochSampler | BalancedSampler:
    """A sampler over the labelled cells (label >= 0) of a split.

    Args:
        labels: int [n], -1 for an unlabelled cell.
        batch_size: Global batch size.
        seed: Decides orders and draws.
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
