"""Task `explain`: shows which pixels of a cell speak for the class it is called."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.command_line import require
from deeploc_jax.data.augment import center_crop
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import describe_screen, name_without_version
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.explain.attribution import ATTRIBUTIONS
from deeploc_jax.explain.judged import attributions, judge
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.program import make_program
from deeploc_jax.predict.screen import fit_to_screen
from deeploc_jax.report.explanations import Explained, as_text, write_explanations
from deeploc_jax.tables.explanations import EXPLANATIONS
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import rows_to_table
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork, read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment, short
from deeploc_jax.workdir.source import data_folders

MOST = 4_000
"""Cells that are named, to find the surest of each class."""


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `explain.parquet`, figures and a page.

    Raises:
        ValueError: No source is given, there is no such method, or the channels do not
            fit the network.
    """
    require(config, source='<workdir of a training, or weights>')
    methods = split_names(config.methods)
    require(config, methods=','.join(ATTRIBUTIONS))
    for name in methods:
        check_name('method', name, ATTRIBUTIONS)
    for field in ('cells', 'shown', 'batch_size'):
        if config[field] < 1:
            raise ValueError(f'{field} ({config[field]}) must be at least 1.')
    network, cells, record = open_cells(config, workdir)
    if not is_main():
        return
    called = probabilities(network, cells, config.batch_size)
    classes, sure = called.argmax(1), called.max(1)
    crop, size = network.card.crop, config.batch_size
    pixels = cells.images[np.arange(len(cells))]
    images = np.asarray(center_crop(jnp.asarray(pixels), crop))
    drawn = np.random.default_rng(config.seed).permutation(len(cells))[: config.cells]
    found = attributions(network, images[drawn], classes[drawn], methods, size)
    rows = judge(network, images[drawn], classes[drawn], found, size, config.seed)
    shown = surest(classes, sure, config.shown)
    pictures = attributions(network, images[shown], classes[shown], methods, size)
    write_table(rows_to_table(rows, EXPLANATIONS.arrow()), workdir / EXPLANATIONS.path)
    write_json(workdir / 'run.json', record)
    explained = Explained(
        images[shown],
        classes[shown],
        cells.labels[shown],
        pictures,
        network.card.class_names,
        network.card.channels,
        network.card.marker_channel,
    )
    page = write_explanations(workdir, rows, explained, record)
    header, *lines = as_text(rows)
    print(f'\n{markdown_table(header, lines)}')
    print(f'\nTable:   {short(workdir / EXPLANATIONS.path)}\nReport:  {short(page)}')


def open_cells(
    config: ml_collections.ConfigDict, workdir: Path
) -> tuple[TrainedNetwork, Cells, dict]:
    """The network, some of the cells in memory, and what `run.json` says of both."""
    source = read_weights(config.source, white_level=config.white_level)
    folders = data_folders(config.source, config.data_dir, config.manual_dir)
    name = config.screen or name_without_version(source.card.screen)
    builder = open_screen(name, **folders)
    asked = split_names(config.channels or '')
    network, screen = fit_to_screen(source, describe_screen(builder), asked)
    inputs = dict(screen=screen.identity, source=source.sha256)
    claim_workdir(workdir, config.to_dict() | folders, **inputs)
    card = network.card
    cells = read_cells(
        builder,
        config.split,
        memory_limit=0,
        channels=screen.channels,
        normalize=make_normalize(card.normalization, card.white_level),
    )
    rows = np.random.default_rng(config.seed).permutation(len(cells))[:MOST]
    record = dict(
        environment(),
        trained_on=card.screen,
        **screen.facts(),
        split=config.split,
        cells_of_split=len(cells),
        cells_looked_at=len(rows),
    )
    return network, cells.at(np.sort(rows)), record


def probabilities(network: TrainedNetwork, cells: Cells, batch_size: int) -> np.ndarray:
    """Class probabilities by the central crop, float32 [n, k]."""
    logits = make_logits(network.model, crop=network.card.crop, crops=1)
    mesh = sharding.make_mesh()
    devices = mesh.devices.size
    size = -(-batch_size // devices) * devices
    program = make_program(logits, network.variables, mesh, size)
    return mean_crop_probabilities(program(cells), network.card.temperature)


def surest(classes: np.ndarray, sure: np.ndarray, count: int) -> np.ndarray:
    """Rows of the cells of each class that the network is surest of, class by class."""
    order = np.lexsort((-sure, classes))
    first = np.searchsorted(classes[order], classes[order])
    return order[np.arange(len(order)) - first < count]
