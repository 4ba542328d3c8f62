"""A network names the cells once, before they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from deeploc_jax import sharding
from deeploc_jax.curate.cells import Curated, Selected
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.features import make_scoring_program
from deeploc_jax.tables.parquet import class_names, class_values, write_table
from deeploc_jax.tables.predictions import predictions_table, read_predictions
from deeploc_jax.types import Cells
from deeploc_jax.weights.channels import match_channels
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.folder import TrainedNetwork

PATH = 'predictions.parquet'


def name_cells(
    cells: Curated,
    network: TrainedNetwork,
    path: Path,
    *,
    channels: Sequence[str] = (),
    batch_size: int = 128,
) -> Path:
    """Writes `predictions.parquet` of all cells, unless it is there.

    Args:
        cells: The cells.
        network: The network.
        path: The file.
        channels: Channels of the cells in the order of the network, as in
            `match_channels`; () to match them by role.
        batch_size: Cells at a time, over all devices.

    Returns:
        The file.

    Raises:
        ValueError: The channels do not fit the network.
    """
    if path.exists():
        return path
    marker = cells.channels[cells.marker] if cells.marker >= 0 else None
    match = match_channels(network.card, cells.channels, marker, channels)
    print(match.describe(network.card))
    network = fit_channels(network, match)
    card = network.card
    chosen = [cells.channels.index(name) for name in match.read]
    normalize = make_normalize(card.normalization, card.white_level)
    seen = Cells(
        Selected(cells.images, chosen, normalize),
        np.full(len(cells), -1, np.int32),
        cells.metadata,
        card.class_names,
        tuple(match.read),
    )
    program = make_scoring_program(network, sharding.make_mesh(), batch_size)
    logits, novelty = program(seen, 'name cells')
    p = mean_crop_probabilities(logits, card.temperature)
    about = cells.metadata, seen.labels, p, card.class_names, novelty
    return write_table(predictions_table(*about), path)


def with_predictions(cells: Curated, path: Path) -> Curated:
    """The cells with the predictions of a table, which are joined by `cell_id`.

    Args:
        cells: The cells.
        path: `predictions.parquet` of configs/evaluate.py or of `name_cells`.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It lacks cells, or is no table of predictions.
    """
    table = read_predictions(path)
    rows = {name: row for row, name in enumerate(table['cell_id'].to_pylist())}
    wanted = [rows.get(name, -1) for name in cells.cell_ids.tolist()]
    if -1 in wanted:
        raise ValueError(
            f'{path} lacks {wanted.count(-1):,} of the {len(wanted):,} cells, such as '
            f'{cells.cell_ids[wanted.index(-1)]!r}: it is of another screen or split.'
        )
    found = table.take(pa.array(wanted))
    novelty = found['novelty'].to_numpy().astype(np.float32)
    known = None if np.isnan(novelty).any() else novelty
    return cells.with_network(class_values(found), class_names(found), known)
