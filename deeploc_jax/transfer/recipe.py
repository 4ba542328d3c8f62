"""The settings that all trainings of a transfer share."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How the networks of a transfer are trained and tested.

    Attributes:
        seed: Seed of draw 0; draw i takes `seed + i`.
        steps: Updates of each training; 0 for `steps.steps_of_paper`.
        batch_size: Largest batch size over all devices; a smaller draw is one batch.
        schedule: Name of the learning-rate schedule, see `optimizer.make_schedule`.
        learning_rate: Highest rate of Adam.
        l2_sp: Strength of the pull towards the source, see `towards_start`; none from
            scratch.
        dropout: Share of hidden units that a step leaves out.
        augmentation: Keyword arguments of `data.augment.augment`, without the crop.
        test_batch: Batch size in testing.
        crops: Crops of each cell in testing, 1 or 5.
        memory_limit: Gigabytes of images that a split may hold in memory, and a draw
            on each device.
    """

    seed: int
    steps: int
    batch_size: int
    schedule: str
    learning_rate: float
    l2_sp: float
    dropout: float
    augmentation: dict[str, Any]
    test_batch: int
    crops: int
    memory_limit: float
