"""Task `features`: writes a layer's features, or measurements, of every cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.command_line import require
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import (
    ScreenInfo,
    describe_screen,
    name_without_version,
)
from deeploc_jax.data.split_parts import parts_of
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.files import write_json
from deeploc_jax.names import split_names
from deeploc_jax.predict.features import choose_layer, make_cell_features
from deeploc_jax.predict.screen import fit_to_screen
from deeploc_jax.splits import Range
from deeploc_jax.tables.feature_files import features_table, size_of
from deeploc_jax.tables.features import read_features
from deeploc_jax.tables.h5ad import check_anndata, write_h5ad
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork, read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment, short
from deeploc_jax.workdir.source import data_folders

MAY_CHANGE = ('h5ad',)
MEASUREMENTS = 'measurements'
Extract = Callable[[Cells], tuple[list[str], np.ndarray]]


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `features.parquet`, and `features.h5ad` when asked for.

    Raises:
        ValueError: No source is given, or it has no such layer, or the channels that
            are asked for do not fit the network.
    """
    require(config, source='<workdir of a training, weights, or measurements>')
    channels, splits = (split_names(config[f] or '') for f in ('channels', 'splits'))
    folders = dict(data_dir=config.data_dir, manual_dir=config.manual_dir)
    normalization, white_level = 'percentile', config.white_level
    name, network = config.screen, None
    if config.source != MEASUREMENTS:
        network = read_weights(config.source, white_level=config.white_level)
        normalization = network.card.normalization
        white_level = network.card.white_level
        name = name or name_without_version(network.card.screen)
        folders = data_folders(config.source, **folders)
    normalize = make_normalize(normalization, white_level)
    if not name:
        raise ValueError('Say of which screen: --config.screen=<name>.')
    builder = open_screen(name, **folders)
    if network:
        network, screen = fit_to_screen(network, describe_screen(builder), channels)
        extract, about = activations(config, network)
    else:
        screen = describe_screen(builder).with_channels(channels)
        extract, about = measurements(screen), {}
    about |= dict(source=config.source, screen=screen.full_name)
    parts = parts_of(builder, splits or None, config.cells_per_file)
    if config.h5ad:
        check_anndata()
    asked, source = config.to_dict() | folders, network.sha256 if network else ''
    claim_workdir(workdir, asked, MAY_CHANGE, screen=screen.identity, source=source)
    folder = workdir / 'features.parquet'
    for split, start, stop in _missing(folder, parts):
        cells = read_cells(
            builder,
            f'{split}[{start}:{stop}]',
            memory_limit=0,
            channels=screen.channels,
            normalize=normalize,
        )
        names, values = extract(cells)
        if is_main():
            table = features_table(cells, split, names, values, about)
            write_table(table, _file(folder, split, start, stop))
    if not is_main():
        return
    write_json(workdir / 'run.json', environment() | about)
    number, width = size_of(folder)
    print(f'\n{number:,} cells, {width} features: {short(folder)}')
    if config.h5ad:
        table = write_h5ad(read_features(folder), workdir / 'features.h5ad')
        print(f'For scanpy: {short(table)}')
    print(
        f'Next: python launch.py --config=configs/probe.py '
        f'--config.features={short(workdir)}'
    )


def measurements(screen: ScreenInfo) -> Extract:
    """Makes the function cells -> names and values of what a pipeline measures."""
    from deeploc_jax.measurements import measure_cells  # an extra

    def extract(cells: Cells) -> tuple[list[str], np.ndarray]:
        return measure_cells(cells, screen.marker_channel)

    return extract


def activations(
    config: ml_collections.ConfigDict, network: TrainedNetwork
) -> tuple[Extract, dict[str, Any]]:
    """Makes the function cells -> names and values of a layer, and its description."""
    mesh, card = sharding.make_mesh(), network.card
    layer = choose_layer(network, config.layer)
    features = make_cell_features(
        network, mesh, config.batch_size, layer=layer, pool=config.pool
    )

    def extract(cells: Cells) -> tuple[list[str], np.ndarray]:
        values = features(cells, 'features')
        return [f'{layer}_{i}' for i in range(values.shape[1])], values

    return extract, dict(
        layer=layer,
        pool=config.pool,
        normalization=card.normalization,
        white_level=card.white_level,
        trained_on=card.screen,
        trained_classes=card.class_names,
    )


def _missing(folder: Path, parts: list[Range]) -> list[Range]:
    """Parts that are not on disk; all hosts go by what the first one sees."""
    there = sharding.as_first_sees([_file(folder, *part).exists() for part in parts])
    if any(there) and is_main():
        print(f'{sum(there)} of {len(parts)} files are there already.')
    return [part for part, done in zip(parts, there, strict=True) if not done]


def _file(folder: Path, split: str, start: int, stop: int) -> Path:
    return folder / f'{split}-{start:09d}-{stop:09d}.parquet'
