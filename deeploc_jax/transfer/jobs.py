"""Names the fits of a transfer, which keep their names from version to version."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from deeploc_jax.class_map import ClassMap
from deeploc_jax.transfer.draws import Draw

STARTED = ('fine_tune', 'frozen_conv')
"""Modes that train the network of the source further."""


class Job(NamedTuple):
    """A fit: the mode, the cells to learn from, and settings that tell it from others.

    Settings that have the value of earlier versions are left out, so that fits of these
    are found.
    """

    mode: str
    draw: Draw
    settings: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> dict[str, Any]:
        """The job in `fits.jsonl`, where 0 cells of each class mean all.

        For mode `as_is`, which learns from no cell, they mean none.
        """
        size, number = self.draw.cells_per_class or 0, self.draw.number
        settings = dict(self.settings)
        return dict(mode=self.mode, cells_per_class=size, draw=number) | settings


def jobs_of(
    modes: Sequence[str],
    draws: Sequence[Draw],
    classes: ClassMap,
    start: ClassMap | None,
    l2_sp: float,
) -> list[Job]:
    """All fits, that of the source as it is first where it can be asked.

    Args:
        modes: The modes that are asked for.
        draws: The draws, size by size.
        classes: The classes of the target in terms of those of the source.
        start: The same where trained networks start from it.
        l2_sp: Pull of trained networks towards the source.
    """
    no_cell = Draw(0, 0, np.zeros(0, int))
    asked = Job('as_is', no_cell, (('class_map', str(classes)),))
    settings = dict(class_map=str(start or ''), l2_sp=l2_sp)
    started = tuple((name, value) for name, value in settings.items() if value)
    return [asked] * classes.can_ask + [
        Job(mode, draw, started if mode in STARTED else ())
        for mode in modes
        if mode != 'as_is'
        for draw in draws
    ]


def most_cells(jobs: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The job, if any, that fine-tunes draw 0 of the largest number of cells.

    Of several that do, with other settings, the last.
    """
    tuned = [job for job in jobs if (job['mode'], job['draw']) == ('fine_tune', 0)]
    tuned.reverse()
    # In the name of a job 0 stands for all cells.
    return max(tuned, key=lambda job: job['cells_per_class'] or math.inf, default=None)
