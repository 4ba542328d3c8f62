"""How the networks of a transfer are trained, and what is told of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Work = Callable[[int, list[np.ndarray], set[int]], Iterator[tuple[int, dict[str, Any]]]]
"""`(cells of each class, rows of each draw, draws done) -> (draw, its scores) ...`"""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Of every training of a transfer.

    Attributes:
        seed: Of draw 0; the next ones count on.
        steps: Of each training; 0: `plan.steps_of_paper`.
        batch_size: At most; a smaller draw is one batch.
        schedule: Of the rate, see `train.optimizer.make_schedule`.
        learning_rate: Of Adam, the highest.
        dropout: Share of hidden units that a step leaves out.
        augmentation: Keyword arguments of `data.augment.augment` but the crop.
        test_batch: Cells at a time in testing.
        crops: Of each cell in testing, 1 or 5.
        memory_limit: GB of images held for a split, and of a draw on each device.
    """

    seed: int
    steps: int
    batch_size: int
    schedule: str
    learning_rate: float
    dropout: float
    augmentation: dict[str, Any]
    test_batch: int
    crops: int
    memory_limit: float
