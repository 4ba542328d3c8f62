"""Task `score`: finds the cells of a screen's fields and scores them, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import jax
import ml_collections

from deeploc_jax.command_line import require
from deeploc_jax.files import write_json
from deeploc_jax.names import split_names
from deeploc_jax.predict.features import choose_layer
from deeploc_jax.predict.views import check_crops
from deeploc_jax.processes import available_processors
from deeploc_jax.report.plates import write_plates_page
from deeploc_jax.screens.fields.describe import describe_asked
from deeploc_jax.screens.fields.inventory import Inventory
from deeploc_jax.screens.quality import (
    FieldLimits,
    check_cell_labels,
    flag_by_forest,
    read_cell_labels,
    unflag_by_forest,
)
from deeploc_jax.screens.scoring.adapted import with_adapted
from deeploc_jax.screens.scoring.asked_cells import read_asked
from deeploc_jax.screens.scoring.field_cells import Cutting
from deeploc_jax.screens.scoring.finish import finish
from deeploc_jax.screens.scoring.given import with_given
from deeploc_jax.screens.scoring.job import Job, all_current, find_missing
from deeploc_jax.screens.scoring.lamps import with_lamps
from deeploc_jax.screens.scoring.missing import score_missing
from deeploc_jax.screens.scoring.network import Source
from deeploc_jax.screens.scoring.parts import cut_parts, take_shard
from deeploc_jax.screens.scoring.words import (
    describe_finished,
    describe_job,
    describe_lamps,
    describe_missing,
)
from deeploc_jax.screens.simulated_source import is_simulated
from deeploc_jax.tables.scored_cells import SCORED_CELLS
from deeploc_jax.weights.channels import match_channels
from deeploc_jax.weights.folder import TrainedNetwork, read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment

MAY_CHANGE = (
    'batch_size',
    'fields_per_part',
    'workers',
    'shard',
    'scheduler',
    'outlines',
    'dry_run',
    'cell_labels',
    'quality.',
)
INCOMPLETE = 3
"""Exit status of a run that scored what it could, but set fields aside."""


def run(config: ml_collections.ConfigDict, workdir: Path) -> int:
    """Writes `cells.parquet`, `fields.parquet`, `set_aside.csv` and `plates.html`.

    Returns:
        The exit status: 0, or `INCOMPLETE` where fields were set aside.

    Raises:
        ValueError: No source or fields are given, the channels do not fit the network,
            or an option has a value that it cannot have.
        ConnectionError: No scheduler answers.
    """
    require(
        config,
        source='<workdir of a training, or weights>',
        fields='<table of fields, or pattern of file names>',
    )
    if jax.process_count() > 1:
        raise ValueError(
            'Several processes score a screen by --config.shard=1/16 and so on, or by '
            '--config.scheduler, not as one.'
        )
    if config.adapt and config.shard:
        raise ValueError(
            'The shards of a screen must share a network: adapt it once, without '
            '--config.shard, and take the folder `adapted` of that workdir as source.'
        )
    inventory = describe_asked(config.to_dict())
    network = read_weights(config.source, white_level=config.white_level)
    job = make_job(config, workdir, inventory, network)
    limits = FieldLimits(**config.quality)
    _, given = read_asked(config.cells.to_dict(), inventory)
    labels = cell_labels(config.cell_labels, inventory)
    parts = cut_parts(inventory.fields, config.fields_per_part)
    parts, notes = with_given(parts, **given)  # a row may be of any shard's field
    mine = take_shard(parts, config.shard)
    print(f'{inventory.describe()}\n{describe_job(job, network.card, mine)}')
    print(''.join(f'{note}\n' for note in notes), end='')
    if config.dry_run:
        return 0
    if not parts:
        raise ValueError(f'{config.fields}: no field can be scored, see above.')
    asked = config.to_dict()
    claim_workdir(workdir, asked, MAY_CHANGE, source=network.sha256)
    if config.illumination:
        mine = with_lamps(workdir, mine, inventory.fields, config.camera_offset)
        print(describe_lamps(mine))
    if config.adapt:
        job, network = with_adapted(job, network, parts)
        print(network.card.note)
    missing = find_missing(job, mine)
    print(describe_missing(missing, len(mine)), flush=True)
    set_aside = score_missing(job, missing.parts, config.scheduler)
    finished = None
    if not config.shard or all_current(job, parts):
        finished = finish(
            workdir, parts, inventory.channels, inventory.set_aside, limits
        )
    if finished is None:
        print(f'\nShard {config.shard} is scored, other parts are not yet.')
        return INCOMPLETE if set_aside else 0
    flag_by_labels(workdir, labels, job.not_cells)
    record = dict(environment(), **network.facts(), **vars(finished))
    write_json(workdir / 'run.json', record)
    write_plates_page(workdir, is_simulated(workdir))
    print(describe_finished(finished, workdir, network.card.pixel_size))
    return INCOMPLETE if finished.set_aside else 0


def cell_labels(path: str | None, inventory: Inventory) -> dict[str, bool]:
    """Which cells of the screen are cells, {} without a table; see `read_cell_labels`.

    Raises:
        ValueError: The table cannot be used for this screen.
    """
    if not path:
        return {}
    labels = read_cell_labels(path)
    check_cell_labels(path, labels, {field.name for field in inventory.fields})
    return labels


def flag_by_labels(
    workdir: Path, labels: Mapping[str, bool], not_cells: Sequence[str]
) -> None:
    """Flags cells by a forest; without labels, takes an earlier forest's flags away."""
    cells = workdir / SCORED_CELLS.path
    if not labels:
        return unflag_by_forest(cells, not_cells)
    (workdir / 'run.json').unlink(missing_ok=True)  # not finished until all are
    print(flag_by_forest(cells, labels, not_cells).describe())


def make_job(
    config: ml_collections.ConfigDict,
    workdir: Path,
    inventory: Inventory,
    network: TrainedNetwork,
) -> Job:
    """The job of a config, whose options are checked against network and screen."""
    card, layers = network.card, split_names(config.layers or '')
    for layer in layers:
        choose_layer(network, layer)
    if config.crops is not None:
        check_crops(config.crops, 'crops')
    options, _ = read_asked(config.cells.to_dict(), inventory)
    match = match_channels(
        card,
        inventory.channels,
        inventory.roles.get('marker'),
        split_names(config.network_channels or ''),
    )
    workers = available_processors() if config.workers is None else config.workers
    if workers < 1:
        raise ValueError(f'workers ({workers}) must be at least 1.')
    return Job(
        workdir=workdir,
        source=Source(
            config.source,
            network.sha256,
            config.white_level,
            config.crops,
            tuple(layers),
            config.batch_size,
            match,
        ),
        cutting=Cutting(
            options,
            match.read,
            card.side,
            card.pixel_size,
            workdir / 'outlines' if config.outlines else None,
        ),
        channels=inventory.channels,
        workers=workers,
        not_cells=tuple(split_names(config.not_cells or '')),
    )
