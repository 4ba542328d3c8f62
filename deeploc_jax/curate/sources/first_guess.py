"""A network names the cells once, before they are looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deeploc_jax import sharding
from deeploc_jax.curate.sources.cells import Curated, Selected
from deeploc_jax.curate.sources.predicted import features_beside
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.files import atomic_write
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.features import choose_layer, make_split_program
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import predictions_table
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
    network, described = fit_to(network, cells.channels, cells.marker_name, channels)
    print(described)
    card, novelty = network.card, network.novelty
    chosen = [cells.channels.index(name) for name in card.channels]
    normalize = make_normalize(card.normalization, card.white_level)
    seen = Cells(
        Selected(cells.images, chosen, normalize),
        np.full(len(cells), -1, np.int32),
        cells.metadata,
        card.class_names,
        card.channels,
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


def fit_to(
    network: TrainedNetwork,
    channels: Sequence[str],
    marker: str | None,
    asked: Sequence[str] = (),
) -> tuple[TrainedNetwork, str]:
    """A network that takes the channels of cells, and which goes where in words.

    Args:
        network: The network.
        channels: Channels of the cells in image order, protein first.
        marker: Which of them is the marker, None for none.
        asked: Channels in the order of the network, () to match them by role.

    Raises:
        ValueError: The channels do not fit the network.
    """
    match = match_channels(network.card, channels, marker, asked)
    fitted = fit_channels(network, match)
    card = dataclasses.replace(fitted.card, channels=match.read)
    return dataclasses.replace(fitted, card=card), match.describe(network.card)
