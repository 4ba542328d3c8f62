"""Task `transfer`: a trained network for another screen, with few labels or many."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np
import pyarrow as pa

from deeploc_jax import sharding
from deeploc_jax.evaluate.table_files import write_table
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.probe.sampling import draw_cells, group_names
from deeploc_jax.report.size_table import in_markdown
from deeploc_jax.report.sizes import write_sizes_page
from deeploc_jax.tasks.evaluate import find_data_like, short
from deeploc_jax.tasks.fits import Fits, parse_sizes
from deeploc_jax.tasks.prepare import open_screen
from deeploc_jax.tasks.workdir import claim_workdir, describe_splits, environment
from deeploc_jax.transfer.keep import write_tuned
from deeploc_jax.transfer.plan import advice
from deeploc_jax.transfer.probing import check_probe, make_prober
from deeploc_jax.transfer.recipe import Recipe, Work
from deeploc_jax.transfer.target import Target, read_target
from deeploc_jax.transfer.tuning import make_tuner
from deeploc_jax.types import METADATA, Cells
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import read_weights

MODES = {
    'fine_tune': 'all layers are trained further',
    'frozen_conv': 'only the layers after the convolutions are trained further',
    'probe': 'a simple classifier on the last layer of the network as it is',
    'scratch': 'the same network, trained from random values',
}


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Trains and tests every mode with every number of cells.

    Raises:
        ValueError: Source or screen are missing, the config names what does not exist,
            or the screen has too few channels, or no labelled cell in a split.
    """
    modes, sizes = check(config)
    source, mesh = read_weights(config.source), sharding.make_mesh()
    sharding.check_batch_size(config.evaluation.batch_size, mesh)
    find_data_like(config, Path(config.source))
    claim_workdir(workdir, config)
    target = read_target(
        open_screen(config, config.screen),
        source.card,
        splits=config.splits.to_dict(),
        channels=config.channels,
        memory_limit=config.memory_limit,
    )
    cells, recipe = target.cells, recipe_of(config)
    pairs = zip(cells['train'].channels, source.card.channels, strict=True)
    print('Channels: ' + ', '.join(f'{theirs} for {ours}' for theirs, ours in pairs))
    keep = partial(
        write_tuned,
        workdir / 'weights',
        source.card,
        target,
        batch_size=recipe.test_batch,
    )
    make = {mode: partial(make_tuner, recipe, mode, keep=keep) for mode in modes}
    make['probe'] = partial(make_prober, recipe, config.probe, group_by=config.group_by)
    tested = dict(splits=config.splits.to_dict(), crops=config.evaluation.crops)
    fits, rows = Fits(workdir / 'fits.jsonl', tested), []
    for mode in modes:
        work: Work | None = None
        for size in sizes:
            jobs = [
                dict(mode=mode, cells_per_class=size, draw=draw)
                for draw in range(config.draws)
            ]
            if not all(job in fits for job in jobs):
                work = work or make[mode](source=source, cells=cells, mesh=mesh)
                done = {job['draw'] for job in jobs if job in fits}
                drawn = [
                    draw(config, cells['train'], size, job['draw']) for job in jobs
                ]
                for number, found in work(size, drawn, done):
                    fits.add(jobs[number], found)
            rows += [dict(fits.row(job), series=mode) for job in jobs]
    if jax.process_index() == 0:
        report(config, workdir, source.card, target, rows)


def check(config: ml_collections.ConfigDict) -> tuple[list[str], list[int]]:
    """Modes and sizes asked for.

    Raises:
        ValueError: Something is missing or does not exist.
    """
    for field in ('source', 'screen'):
        if not config[field]:
            raise ValueError(f'Say --config.{field}=...; configs/transfer.py has more.')
    modes, sizes = config.modes.split(','), parse_sizes(config.cells_per_class)
    for mode in modes:
        check_name('mode', mode, MODES)
    check_name('group_by', config.group_by, METADATA)
    if 'probe' in modes:
        check_probe(config.probe)
    return modes, sizes


def recipe_of(config: ml_collections.ConfigDict) -> Recipe:
    """How the networks are trained and tested."""
    names = ('seed', 'steps', 'batch_size', 'learning_rate', 'layer_decay', 'dropout')
    return Recipe(
        **{name: config[name] for name in names},
        augmentation=config.augmentation.to_dict(),
        test_batch=config.evaluation.batch_size,
        crops=config.evaluation.crops,
        memory_limit=config.memory_limit,
    )


def draw(
    config: ml_collections.ConfigDict, cells: Cells, size: int, number: int
) -> np.ndarray:
    """Rows of a draw; all that are labelled for size 0."""
    if not size:
        return np.flatnonzero(cells.labels >= 0)
    groups = group_names(cells.metadata[config.group_by])
    return draw_cells(cells.labels, groups, size, config.seed + number)


def report(
    config: ml_collections.ConfigDict,
    workdir: Path,
    source: Card,
    target: Target,
    rows: list[dict[str, Any]],
) -> None:
    """Writes `transfer.parquet`, `run.json` and the page, and says what to do."""
    flat = [row | dict(confusion=json.dumps(row['confusion'])) for row in rows]
    write_table(pa.Table.from_pylist(flat), workdir / 'transfer.parquet')
    words, train = advice(rows), target.cells['train']
    record = dict(
        environment(),
        trained_on=source.screen,
        dataset=target.dataset,
        class_names=train.class_names,
        channels=train.channels,
        advice=words,
        **describe_splits(target.cells),
    )
    write_json(workdir / 'run.json', record)
    largest = [rows[-1]['cells_per_class']]
    at = parse_sizes(config.confusion_at) if config.confusion_at else largest
    page = write_sizes_page(
        workdir,
        f'Transfer to {record["dataset"]}',
        rows,
        MODES,
        lead=words,
        class_names=train.class_names,
        confusion_at=at,
    )
    print(f'\n{in_markdown(rows)}\n\n{words}\nTable:   {workdir / "transfer.parquet"}')
    if (workdir / 'weights').exists():
        print(f'Weights: {short(workdir / "weights")}, tuned on most cells')
    print(f'Report:  {short(page)}')
