"""Task `transfer`: a trained network for another screen, with few labels or many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np
import pyarrow as pa

from deeploc_jax import sharding
from deeploc_jax.data.cells import marker_channel, read_cells
from deeploc_jax.evaluate.raw import normalization_of
from deeploc_jax.evaluate.table_files import write_table
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.probe.sampling import draw_cells, group_names
from deeploc_jax.report.sizes import in_markdown, write_sizes_page
from deeploc_jax.tasks.evaluate import find_data_like, short
from deeploc_jax.tasks.fits import Fits, parse_sizes
from deeploc_jax.tasks.prepare import open_screen
from deeploc_jax.tasks.probing import check_probe, make_prober
from deeploc_jax.tasks.transfer_plan import advice, channels_by_role
from deeploc_jax.tasks.transferred import Target
from deeploc_jax.tasks.tuning import Work, make_tuner
from deeploc_jax.tasks.workdir import claim_workdir, describe_splits, environment
from deeploc_jax.types import METADATA, Cells
from deeploc_jax.weights.folder import Network, read_weights

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
    for field in ('source', 'screen'):
        if not config[field]:
            raise ValueError(f'Say --config.{field}=...; configs/transfer.py has more.')
    modes, sizes = config.modes.split(','), parse_sizes(config.cells_per_class)
    for mode in modes:
        check_name('mode', mode, MODES)
    check_name('group_by', config.group_by, METADATA)
    if 'probe' in modes:
        check_probe(config.probe)
    source, mesh = read_weights(config.source), sharding.make_mesh()
    sharding.check_batch_size(config.evaluation.batch_size, mesh)
    find_data_like(config, Path(config.source))
    claim_workdir(workdir, config)
    builder = open_screen(config, config.screen)
    target = read_target(config, source, builder)
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
                make = make_prober if mode == 'probe' else make_tuner
                work = work or make(config, mode, source, target, mesh, workdir)
                done = {job['draw'] for job in jobs if job in fits}
                drawn = [
                    draw(config, target.cells['train'], size, number)
                    for number in range(config.draws)
                ]
                for number, found in work(size, drawn, done):
                    fits.add(jobs[number], found)
            rows += [dict(fits.row(job), series=mode) for job in jobs]
    if jax.process_index() == 0:
        report(config, workdir, source, target, rows)


def read_target(
    config: ml_collections.ConfigDict, source: Network, builder: Any
) -> Target:
    """The target's cells, channels in the order of the source's."""
    channels = config.channels
    if not channels:
        every = list(builder.info.metadata['channels'])
        marker = int(builder.info.metadata['marker_channel'])
        channels = ','.join(channels_by_role(source.card, every, marker))
    found = {
        name: read_cells(
            builder,
            split,
            memory_limit=config.memory_limit,
            channels=channels,
            normalize=normalization_of(source.card),
        )
        for name, split in config.splits.items()
    }
    for name, split in found.items():
        if not (split.labels >= 0).any():
            raise ValueError(
                f'Split {config.splits[name]!r} of {config.screen} has no labelled '
                f'cell; set --config.splits.{name}.'
            )
    wanted, taken = source.card.channels, found['train'].channels
    if len(taken) != len(wanted):
        raise ValueError(
            f'The network takes {len(wanted)} channels ({", ".join(wanted)}), not '
            f'{len(taken)}.'
        )
    print(
        'Channels: '
        + ', '.join(
            f'{theirs} for {ours}' for theirs, ours in zip(taken, wanted, strict=True)
        )
    )
    return Target(
        found,
        marker_channel=marker_channel(builder, found['train']),
        dataset=builder.info.full_name,
        simulated=bool(builder.info.metadata['simulated']),
        licence=builder.info.redistribution_info.license or 'not stated',
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
    source: Network,
    target: Target,
    rows: list[dict[str, Any]],
) -> None:
    """Writes `transfer.parquet`, `run.json` and the page, and says what to do."""
    flat = [row | dict(confusion=json.dumps(row['confusion'])) for row in rows]
    write_table(pa.Table.from_pylist(flat), workdir / 'transfer.parquet')
    words, train = advice(rows), target.cells['train']
    record = dict(
        environment(),
        trained_on=source.card.screen,
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
