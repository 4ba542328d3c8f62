"""The screen that a network is transferred to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.corrections import Corrections, check_named
from deeploc_jax.data.normalize import Normalize
from deeploc_jax.data.screen_info import ScreenInfo
from deeploc_jax.data.split_check import rows_among
from deeploc_jax.groups import UNIT_COLUMNS, NewCells, new_cells
from deeploc_jax.types import Cells


@dataclasses.dataclass(frozen=True)
class Target:
    """The cells of a screen, as a network takes them.

    Attributes:
        screen: The screen, with the channels of the network in its order.
        cells: The splits train, validation and test.
        in_train: Row of each validation cell in train; -1 for a cell that is not in it.
    """

    screen: ScreenInfo
    cells: dict[str, Cells]
    in_train: Int[np.ndarray, ' v']

    def held_out(self, rows: Int[np.ndarray, ' n']) -> Bool[np.ndarray, ' v']:
        """Which validation cells are not among these rows of train."""
        return ~np.isin(self.in_train, rows)

    def new(self, rows: Int[np.ndarray, ' n']) -> NewCells:
        """The validation cells new to a network trained on these rows of train."""
        train, validation = self.cells['train'], self.cells['validation']
        trained = {name: train.metadata[name][rows] for name in UNIT_COLUMNS}
        held_out = self.held_out(rows)
        return new_cells(trained, validation.metadata, validation.labels, held_out)


def read_target(
    builder: Any,
    screen: ScreenInfo,
    splits: Mapping[str, str],
    normalize: Normalize,
    memory_limit: float,
    corrections: Corrections | None = None,
) -> Target:
    """Reads the splits of a screen as a network takes them.

    Args:
        builder: Builder of the screen, prepared.
        screen: The screen, with the channels of the network in its order.
        splits: Splits of the screen to take for train, validation and test.
        normalize: What the network wants done to the pixels.
        memory_limit: Gigabytes of images that may be held in memory for a split.
        corrections: Labels that take the place of the screen's.

    Raises:
        ValueError: The screen has no such split, a split has no labelled cell, or no
            cell of the corrections is in any.
    """
    cells = {
        name: read_cells(
            builder,
            split,
            memory_limit=memory_limit,
            channels=screen.channels,
            normalize=normalize,
            corrections=corrections,
        )
        for name, split in splits.items()
    }
    check_named(corrections, cells.values())
    for name, split_cells in cells.items():
        if not (split_cells.labels >= 0).any():
            raise ValueError(
                f'Split {splits[name]!r} of {screen.full_name} has no labelled cell: '
                f'take another as splits.{name}.'
            )
    in_train = rows_among(builder, splits['validation'], splits['train'])
    return Target(screen, cells, in_train)
