"""The screen that a network is transferred to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import ScreenInfo, check_channels
from deeploc_jax.data.split_check import rows_among
from deeploc_jax.transfer.channels import channels_by_role
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card


@dataclasses.dataclass(frozen=True)
class Target:
    """The cells of a screen, as a network takes them.

    Attributes:
        screen: What is known of the screen.
        cells: The splits train, validation and test, with the network's channels in its
            order.
        in_train: Row of each validation cell in train; -1 for a cell that is not in it.
    """

    screen: ScreenInfo
    cells: dict[str, Cells]
    in_train: Int[np.ndarray, ' v']

    def held_out(self, rows: Int[np.ndarray, ' n']) -> Bool[np.ndarray, ' v']:
        """Which validation cells are not among these rows of train."""
        return ~np.isin(self.in_train, rows)


def read_target(
    builder: Any,
    screen: ScreenInfo,
    card: Card,
    *,
    splits: Mapping[str, str],
    channels: Sequence[str],
    memory_limit: float,
) -> Target:
    """Reads the splits of a screen as a network takes them.

    Args:
        builder: Builder of the screen, prepared.
        screen: What is known of the screen.
        card: Card of the network.
        splits: Splits of the screen to take for train, validation and test.
        channels: Names in the order of the network's; empty to match them by role.
        memory_limit: Gigabytes of images that may be held in memory for a split.

    Raises:
        ValueError: A split has no labelled cell, or the number of channels is not the
            network's.
    """
    if not channels:
        channels = channels_by_role(card, screen.channels, screen.marker_channel)
    check_channels(screen.full_name, channels, card.channels)
    cells = {
        name: read_cells(
            builder,
            split,
            memory_limit=memory_limit,
            channels=channels,
            normalize=make_normalize(card.normalization, card.white_level),
        )
        for name, split in splits.items()
    }
    for name, split_cells in cells.items():
        if not (split_cells.labels >= 0).any():
            raise ValueError(
                f'Split {splits[name]!r} of {screen.full_name} has no labelled cell: '
                f'take another as splits.{name}.'
            )
    in_train = rows_among(builder, splits['validation'], splits['train'])
    return Target(screen, cells, in_train)
