"""The page gets its network: what it says of the cells, and how to train it further."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.curate.sources.first_guess import fit_to, name_cells
from deeploc_jax.curate.sources.predicted import with_predictions
from deeploc_jax.curate.training.training import Source
from deeploc_jax.weights.folder import TrainedNetwork, read_weights


def name_by(
    network: TrainedNetwork,
    cells: Curated,
    workdir: Path,
    source: str,
    white_level: float | None,
    *,
    channels: Sequence[str],
    batch_size: int,
    about: dict[str, Any],
) -> tuple[Curated, Source]:
    """The cells with what a network says of them, and how to train it further.

    Args:
        network: The network.
        cells: The cells.
        workdir: As for `name_cells`.
        source: Where the network was read from.
        white_level: White level that it was read with.
        channels: As for `name_cells`.
        batch_size: Likewise.
        about: Fields of the cards of networks trained on these cells.

    Raises:
        ValueError: The channels do not fit the network.
    """
    path = name_cells(cells, network, workdir, channels=channels, batch_size=batch_size)
    where = cells.channels, cells.marker_name, channels
    opener = functools.partial(open_fitted, source, white_level, *where)
    return with_predictions(cells, path), Source(
        source, network.sha256[:12], path, opener, about
    )


def open_fitted(
    source: str,
    white_level: float | None,
    channels: Sequence[str],
    marker: str | None,
    asked: Sequence[str],
) -> TrainedNetwork:
    """Reads a network and fits it to the channels of cells, as `fit_to` does.

    Args:
        source: As for `read_weights`.
        white_level: Likewise.
        channels: Channels of the cells in image order, protein first.
        marker: Which of them is the marker, None for none.
        asked: Channels in the order of the network, () to match them by role.
    """
    network = read_weights(source, white_level=white_level)
    return fit_to(network, channels, marker, asked)[0]
