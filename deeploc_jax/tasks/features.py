"""Task `features`: what a layer of a network, or a pipeline, makes of every cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np
from jax.experimental import multihost_utils

from deeploc_jax import sharding
from deeploc_jax.data.cells import marker_channel, read_cells
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_builder import identity
from deeploc_jax.data.split_parts import Part, parts_of
from deeploc_jax.datasets import open_screen
from deeploc_jax.files import write_json
from deeploc_jax.names import split_names
from deeploc_jax.predict.features import choose_layer, make_cell_features
from deeploc_jax.predict.raw_images import normalization_of
from deeploc_jax.tables.feature_files import features_table, size_of
from deeploc_jax.tables.features import read_features
from deeploc_jax.tables.h5ad import check_anndata, write_h5ad
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tasks.evaluate import find_data_like
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork, read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment, short

MEASUREMENTS = 'measurements'
Extract = Callable[[Cells], tuple[list[str], np.ndarray]]


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `features.parquet`, and `features.h5ad` when asked for.

    Raises:
        ValueError: No source is given, or it has no such layer, or the screen lacks its
            channels.
    """
    if not config.source:
        raise ValueError(
            'Say --config.source=<workdir of a training, weights, or measurements>.'
        )
    network = None
    screen, options = (
        config.screen,
        dict[str, Any](channels=split_names(config.channels or '')),
    )
    if config.source == MEASUREMENTS:
        options['normalize'] = make_normalize('percentile', config.white_level)
    else:
        network = read_weights(config.source, white_level=config.white_level)
    if network is not None:
        find_data_like(config, Path(config.source))
        screen = screen or network.card.screen.rpartition('/')[0]
        options['channels'] = options['channels'] or network.card.channels
        options['normalize'] = normalization_of(network.card)
    if not screen:
        raise ValueError('Say of which screen: --config.screen=<name>.')
    builder = open_screen(screen, config.data_dir, config.manual_dir)
    extract, about = _extractor(config, network, builder)
    about |= dict(source=config.source, screen=builder.info.full_name)
    parts = parts_of(builder, config.splits, config.cells_per_file)
    if config.h5ad:
        check_anndata()
    source = network.sha256 if network else ''
    claim_workdir(workdir, config, screen=identity(builder), source=source)
    folder = workdir / 'features.parquet'
    for split, start, stop in _missing(folder, parts):
        part = f'{split}[{start}:{stop}]'
        cells = read_cells(builder, part, memory_limit=0, **options)
        names, values = extract(cells)
        if jax.process_index() == 0:
            table = features_table(cells, split, names, values, about)
            write_table(table, _file(folder, split, start, stop))
    if jax.process_index():
        return
    write_json(workdir / 'run.json', environment() | about)
    cells, width = size_of(folder)
    print(f'\n{cells:,} cells, {width} features: {short(folder)}')
    if config.h5ad:
        table = write_h5ad(read_features(folder), workdir / 'features.h5ad')
        print(f'For scanpy: {short(table)}')
    print(
        f'Next: python launch.py --config=configs/probe.py '
        f'--config.features={short(workdir)}'
    )


def _extractor(
    config: ml_collections.ConfigDict, network: TrainedNetwork | None, builder: Any
) -> tuple[Extract, dict[str, Any]]:
    """What makes features of cells, and what there is to say about them."""
    if network is None:
        from deeploc_jax.measurements import measure_cells  # an extra

        return lambda cells: measure_cells(cells, marker_channel(builder, cells)), {}
    mesh = sharding.make_mesh()
    sharding.check_batch_size(config.batch_size, mesh)
    layer = choose_layer(network, config.layer)
    features = make_cell_features(
        network, mesh, config.batch_size, layer=layer, pool=config.pool
    )

    def extract(cells: Cells) -> tuple[list[str], np.ndarray]:
        if len(cells.channels) != len(network.card.channels):
            raise ValueError(
                f'The network takes {len(network.card.channels)} channels '
                f'({", ".join(network.card.channels)}), not {len(cells.channels)}.'
            )
        values = features(cells, 'features')
        return [f'{layer}_{i}' for i in range(values.shape[1])], values

    return extract, dict(
        layer=layer,
        pool=config.pool,
        normalization=network.card.normalization,
        white_level=network.card.white_level,
        trained_on=network.card.screen,
        trained_classes=network.card.class_names,
    )


def _missing(folder: Path, parts: list[Part]) -> list[Part]:
    """Parts that are not on disk; all hosts go by what the first one sees."""
    there = np.array([_file(folder, *part).exists() for part in parts])
    there = multihost_utils.broadcast_one_to_all(there)
    if there.any():
        print(f'{there.sum()} of {len(parts)} files are there already.')
    return [part for part, done in zip(parts, there, strict=True) if not done]


def _file(folder: Path, split: str, start: int, stop: int) -> Path:
    return folder / f'{split}-{start:09d}-{stop:09d}.parquet'
