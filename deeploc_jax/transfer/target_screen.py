"""The screen that a network is taken to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeploc_jax.data.cells import marker_channel, read_cells
from deeploc_jax.data.split_check import rows_among
from deeploc_jax.predict.raw_images import normalization_of
from deeploc_jax.transfer.plan import channels_by_role
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card


@dataclasses.dataclass(frozen=True)
class Target:
    """Cells of a screen, and what is known of them.

    Attributes:
        cells: Train, validation and test, channels in the order of the network's.
        in_train: Row of each validation cell in train, int [n]; -1: it is not in it.
        marker_channel: Index of the marker among them, -1: none.
        dataset: Full name of the screen.
        simulated: Whether its cells were simulated.
        licence: Of its images.
    """

    cells: dict[str, Cells]
    in_train: np.ndarray
    marker_channel: int
    dataset: str
    simulated: bool
    licence: str


def read_target(
    builder: Any,
    card: Card,
    *,
    splits: Mapping[str, str],
    channels: Sequence[str] | None,
    memory_limit: float,
) -> Target:
    """Reads the splits of a screen as a network wants to see them.

    Args:
        builder: Of the screen, prepared.
        card: Of the network.
        splits: Splits of the screen to take for train, validation and test.
        channels: Names in the order of the network's; None: by role.
        memory_limit: GB of images held for a split.

    Raises:
        ValueError: A split has no labelled cell, or the screen too few channels.
    """
    metadata = builder.info.metadata
    if not channels:
        marker = int(metadata['marker_channel'])
        channels = channels_by_role(card, list(metadata['channels']), marker)
    found = {
        name: read_cells(
            builder,
            split,
            memory_limit=memory_limit,
            channels=channels,
            normalize=normalization_of(card),
        )
        for name, split in splits.items()
    }
    for name, split in found.items():
        if not (split.labels >= 0).any():
            raise ValueError(
                f'Split {splits[name]!r} of {builder.info.full_name} has no labelled '
                f'cell: take another as splits.{name}.'
            )
    taken = found['train'].channels
    if len(taken) != len(card.channels):
        raise ValueError(
            f'The network takes {len(card.channels)} channels '
            f'({", ".join(card.channels)}), not {len(taken)}.'
        )
    return Target(
        found,
        rows_among(builder, splits['validation'], splits['train']),
        marker_channel=marker_channel(builder, found['train']),
        dataset=builder.info.full_name,
        simulated=bool(metadata['simulated']),
        licence=builder.info.redistribution_info.license or 'not stated',
    )
