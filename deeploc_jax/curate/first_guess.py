"""A network names the cells once, before they are looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from deeploc_jax import sharding
from deeploc_jax.curate.cells import Curated, Selected
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.files import atomic_write
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.features import choose_layer, make_split_program
from deeploc_jax.tables.parquet import class_names, class_values, write_table
from deeploc_jax.tables.predictions import predictions_table, read_predictions
from deeploc_jax.types import Cells
from deeploc_jax.weights.channels import match_channels
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.folder import TrainedNetwork


def name_cells(
    cells: Curated,
    network: TrainedNetwork,
    workdir: Path,
    *,
    channels: Sequence[str] = (),
    batch_size: int = 128,
) -> Path:
    """Writes what a network says of all cells, unless it is there.

    Args:
        cells: The cells.
        network: The network. Each has files of its own in the workdir.
        workdir: Gets `predictions-<network>.parquet` and, written before it,
            `features-<network>.npy`: the last layer, float16 [n, f].
        channels: Channels of the cells in the order of the network, as in
            `match_channels`; () to match them by role.
        batch_size: Cells at a time, over all devices.

    Returns:
        The path of the predictions.

    Raises:
        ValueError: The channels do not fit the network.
    """
    path = workdir / f'predictions-{network.sha256[:12]}.parquet'
    if path.exists():
        return path
    marker = cells.channels[cells.marker] if cells.marker >= 0 else None
    match = match_channels(network.card, cells.channels, marker, channels)
    print(match.describe(network.card))
    network = fit_channels(network, match)
    card, novelty = network.card, network.novelty
    chosen = [cells.channels.index(name) for name in match.read]
    normalize = make_normalize(card.normalization, card.white_level)
    seen = Cells(
        Selected(cells.images, chosen, normalize),
        np.full(len(cells), -1, np.int32),
        cells.metadata,
        card.class_names,
        tuple(match.read),
    )
    layer = novelty.layer if novelty else choose_layer(network, None)
    program = make_split_program(network, sharding.make_mesh(), batch_size, layer=layer)
    p, scores, features = [], [], []
    for batch in program.batches(seen, 'name cells'):
        p.append(mean_crop_probabilities(batch.logits, card.temperature))
        scores.append(novelty.score(batch.features) if novelty else None)
        features.append(batch.features.astype(np.float16))
    found = np.concatenate(scores) if novelty else None
    about = cells.metadata, seen.labels, np.concatenate(p), card.class_names, found
    stored = np.concatenate(features)
    atomic_write(features_beside(path), lambda file: np.save(file, stored))
    return write_table(predictions_table(*about), path)


def features_beside(path: Path) -> Path:
    """The file of features that belongs to predictions of `name_cells`."""
    return path.with_name(path.name.replace('predictions-', 'features-')).with_suffix(
        '.npy'
    )


def with_predictions(cells: Curated, path: Path) -> Curated:
    """The cells with the predictions of a table, which are joined by `cell_id`.

    Args:
        cells: The cells.
        path: `predictions.parquet` of configs/evaluate.py, or that of `name_cells`,
            whose features are read as well.

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
    named = cells.with_network(class_values(found), class_names(found), known)
    file = features_beside(path)
    if not file.exists() or wanted != list(range(len(cells))):
        return named
    features = np.load(file, mmap_mode='r', allow_pickle=False)
    return dataclasses.replace(named, features=features)
