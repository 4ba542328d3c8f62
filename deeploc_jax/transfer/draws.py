"""Draws of labelled cells, and what came of learning from one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from deeploc_jax.probe.sampling import draw_cells, group_names
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork


@dataclasses.dataclass(frozen=True, eq=False)
class Draw:
    """Labelled cells to learn from.

    Attributes:
        cells_per_class: Cells of each class; None for all that are labelled, 0 for
            none.
        number: Number of the draw: 0, 1, ...
        rows: Rows of the training split. A class with too few cells repeats them.
    """

    cells_per_class: int | None
    number: int
    rows: Int[np.ndarray, ' n']


@dataclasses.dataclass(frozen=True, eq=False)
class Tuned:
    """A network, or a probe on its features, that has learned from a draw.

    Attributes:
        draw: The cells that it learned from.
        scores: Its scores on test and validation, see `scores`.
        seconds: Duration of the training.
        steps: Updates of the network; 0 for a probe.
        network: The network; None for a probe.
    """

    draw: Draw
    scores: dict[str, Any]
    seconds: float
    steps: int = 0
    network: TrainedNetwork | None = None

    @property
    def result(self) -> dict[str, Any]:
        """The scores, and what they took: cells, steps and seconds."""
        n_train = len(np.unique(self.draw.rows))
        return self.scores | dict(
            n_train=n_train, steps=self.steps, seconds=self.seconds
        )


def make_draws(
    train: Cells,
    sizes: Sequence[int | None],
    draws: int,
    *,
    group_by: str,
    seed: int,
) -> list[Draw]:
    """Draws from the labelled cells of a split, size by size.

    Args:
        train: The split to draw from.
        sizes: Cells of each class; None for all that are labelled.
        draws: Draws of each size.
        group_by: Metadata column over whose values the cells of a class are spread.
        seed: Seed of draw 0; draw i takes `seed + i`.
    """
    groups = group_names(train.metadata[group_by])

    def draw(size: int | None, number: int) -> Draw:
        if size is None:
            rows = np.flatnonzero(train.labels >= 0)
        else:
            rows = draw_cells(train.labels, groups, size, seed + number)
        return Draw(size, number, rows)

    return [draw(size, number) for size in sizes for number in range(draws)]
