"""Draws of labelled cells, and what a method made of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from deeploc_jax.probe.sampling import draw_cells, group_names
from deeploc_jax.types import Cells


@dataclasses.dataclass(frozen=True, eq=False)
class Draw:
    """Labelled cells to train on.

    Attributes:
        cells_per_class: Cells of each class; None for all that are labelled.
        number: Number of the draw: 0, 1, ...
        rows: Rows of the training split. A class with too few cells repeats them.
    """

    cells_per_class: int | None
    number: int
    rows: Int[np.ndarray, ' n']

    def job(self, mode: str) -> dict[str, Any]:
        """The name of a fit in `fits.jsonl`, where 0 cells of each class mean all."""
        size = self.cells_per_class or 0
        return dict(mode=mode, cells_per_class=size, draw=self.number)


@dataclasses.dataclass(frozen=True, eq=False)
class Tuned:
    """A network, or a probe on its features, after it has learned from a draw.

    Attributes:
        draw: The cells that it learned from.
        scores: Its scores on test and validation, see `test_scores`.
        seconds: Duration of the training.
        steps: Updates of the network.
        variables: Variables of the network; None for a probe.
        validation_logits: Its logits of the validation cells, float32 [n, crops, k];
            None for a probe.
    """

    draw: Draw
    scores: dict[str, Any]
    seconds: float
    steps: int = 0
    variables: Any = None
    validation_logits: Any = None

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
) -> list[list[Draw]]:
    """The draws of each size from the labelled cells of a split.

    Args:
        train: The split to draw from.
        sizes: Cells of each class; None for all that are labelled.
        draws: Draws of each size.
        group_by: Metadata column over whose values the cells of a class are spread.
        seed: Seed of draw 0; draw i takes `seed + i`.
    """
    groups = group_names(train.metadata[group_by])

    def rows(size: int | None, number: int) -> np.ndarray:
        if size is None:
            return np.flatnonzero(train.labels >= 0)
        return draw_cells(train.labels, groups, size, seed + number)

    return [
        [Draw(size, number, rows(size, number)) for number in range(draws)]
        for size in sizes
    ]
