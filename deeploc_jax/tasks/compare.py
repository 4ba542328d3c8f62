"""Task `compare`: finds the proteins that moved between two conditions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ml_collections
import pyarrow as pa

from deeploc_jax.changes.compare import Comparison, Options, compare
from deeploc_jax.changes.flux import write_networks
from deeploc_jax.changes.wells import Wells, sum_wells
from deeploc_jax.command_line import require
from deeploc_jax.devices import is_main
from deeploc_jax.files import write_json
from deeploc_jax.names import split_names
from deeploc_jax.profiles.cells import ProfiledCells, profiled_cells
from deeploc_jax.profiles.opening import OpenCells, check_once, open_cells
from deeploc_jax.report.movers import write_movers_page
from deeploc_jax.screens.examples import try_examples
from deeploc_jax.screens.simulated_source import is_simulated
from deeploc_jax.tables.cell_parts import cells_digest
from deeploc_jax.tables.changes import FLUX, MOVERS
from deeploc_jax.tables.examples import EXAMPLES
from deeploc_jax.tables.parquet import class_names, write_table
from deeploc_jax.workdir.claim import claim_remade
from deeploc_jax.workdir.record import environment, short

SINGLE = (
    'Nothing was repeated: each protein has one well in a condition. What is called '
    'changes more than other proteins do in this screen; whether another replicate '
    'would show it is not known. Repeat the screen, or at least what is called, before '
    'you rely on it.'
)
SMALL = 50  # proteins; with fewer, the usual scatter of a protein is hardly known
FEW = (
    'Only {n} proteins could be compared. So few hardly tell how much proteins scatter '
    'that do not move, so less is called: in simulated screens of 42 and 49 proteins '
    'the rate held in the mean, but at 5 % a quarter of the movers was found with one '
    'replicate, and half of them with three. It holds only where most proteins stay. '
    'Look at the cells of each call.'
)


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes movers.parquet, flux.parquet, the flux networks and the page of movers.

    Raises:
        ValueError: Cells or conditions are not given or not known, a number is out of
            range, or too few proteins can be compared.
    """
    if not is_main():  # not a task for several hosts
        return
    check(config)
    check_once('cells', split_names(config.cells))
    digests = [cells_digest(path) for path in split_names(config.cells)]
    claim_remade(workdir, config.to_dict(), cells=digests)
    options = Options(config.rate, config.min_cells, config.neighbors)
    found = compare(read_wells(config), config.before, config.after, options)
    made = [
        write_table(found.movers, workdir / MOVERS.path),
        write_table(found.flux, workdir / FLUX.path),
        *write_networks(found.flux, workdir),
        write_page(config, workdir, found),
    ]
    about = facts(found) | dict(cautions=cautions(found))
    write_json(workdir / 'run.json', environment() | about)
    print(in_words(found, config))
    for path in made:
        print(f'  {short(path)}')


def write_page(
    config: ml_collections.ConfigDict, workdir: Path, found: Comparison
) -> Path:
    """Writes pictures of cells of what was called, and the page of movers."""
    scored = split_names(config.cells)
    warnings = cautions(found)
    if config.pictures:
        names = [
            row['protein']
            for row in found.movers.to_pylist()
            if row['moved'] or row['abundance_changed']
        ]
        warnings += try_examples(
            scored,
            workdir / EXAMPLES.path,
            names[: config.pictures],
            conditions=(config.before, config.after),
        )
    simulated = any(map(is_simulated, scored))
    return write_movers_page(workdir, config.rate, warnings, simulated)


def check(config: ml_collections.ConfigDict) -> None:
    """Raises a ValueError unless all is given, and numbers are in range."""
    require(config, cells='<workdir of configs/score.py or configs/evaluate.py>')
    if config.before is None:
        require(config, before='<condition>')
    require(config, after='<condition>')
    if config.before == config.after:
        raise ValueError(f'before and after are the same condition, {config.after!r}.')
    if not 0 < config.rate < 1:
        raise ValueError(f'rate ({config.rate}) must be between 0 and 1.')
    for name, least in dict(min_cells=2, neighbors=2).items():
        if config[name] < least:
            raise ValueError(f'{name} ({config[name]}) must be at least {least}.')


def read_wells(config: ml_collections.ConfigDict) -> Wells:
    """The wells of the cells named, which are read part by part."""
    ignored = None if config.ignored is None else split_names(config.ignored)
    cells = open_cells(split_names(config.cells), ignored, config.channel)
    return sum_wells(_profiled(cells), cells.ignored)


def _profiled(cells: OpenCells) -> Iterator[ProfiledCells]:
    for table in cells.parts:
        if class_names(table) != cells.class_names:
            raise ValueError(
                'cells: the workdirs are of networks with other classes, '
                f'{", ".join(cells.class_names)} and {", ".join(class_names(table))}.'
            )
        yield profiled_cells(table, cells.ignored, cells.channel)


def facts(found: Comparison) -> dict[str, int]:
    """What run.json says of the comparison."""
    return dict(
        proteins=len(found.movers),
        compared=found.n_compared,
        repeated=found.repeated,
        moved=_count(found.movers, 'moved'),
        abundance_changed=_count(found.movers, 'abundance_changed'),
        paper_moved=_count(found.movers, 'paper_moved'),
        paper_abundance_changed=_count(found.movers, 'paper_abundance_changed'),
    )


def in_words(found: Comparison, config: ml_collections.ConfigDict) -> str:
    """The numbers of proteins that were called, and what to know of them."""
    about = facts(found)
    text = (
        f'\nFrom {config.before!r} to {config.after!r}: {about["moved"]:,} of '
        f'{about["compared"]:,} proteins moved and {about["abundance_changed"]:,} '
        f'changed their abundance, at a false-discovery rate of {config.rate:.0%}. '
        f'{about["proteins"] - about["compared"]:,} had too few cells. The method of '
        f'the paper, which has no such rate: {about["paper_moved"]:,} and '
        f'{about["paper_abundance_changed"]:,}.'
    )
    return '\n\n'.join([text, *cautions(found), 'Results:'])


def cautions(found: Comparison) -> list[str]:
    """What to know before the calls of a screen are believed."""
    said = [] if found.repeated else [SINGLE]
    if found.n_compared < SMALL:
        said.append(FEW.format(n=found.n_compared))
    return said


def _count(table: pa.Table, name: str) -> int:
    return sum(map(bool, table[name].to_pylist()))
