"""Task `curate`: opens a page on which people check and correct labels of cells."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import ml_collections

from deeploc_jax.command_line import require
from deeploc_jax.curate.decisions.export import export
from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.curate.page.desk import Desk
from deeploc_jax.curate.page.sheets import SIZES
from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.curate.sources.from_scores import open_scored_cells
from deeploc_jax.curate.sources.from_screen import open_screen_cells
from deeploc_jax.curate.sources.from_table import open_any_table
from deeploc_jax.curate.sources.named import name_by
from deeploc_jax.curate.sources.options import class_list, parse_offset
from deeploc_jax.curate.sources.predicted import with_predictions
from deeploc_jax.curate.training.keep_network import keep_network
from deeploc_jax.curate.training.run_round import run_round
from deeploc_jax.curate.training.training import Source, Training
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.files import write_json
from deeploc_jax.names import split_names
from deeploc_jax.weights.folder import read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment, short
from deeploc_jax.workdir.source import data_folders

MAY_CHANGE = ('annotators', 'sheet', 'port', 'serve', 'batch_size', 'seed', 'classes')
# A network trained on what was decided says what to look at next.
MAY_CHANGE += ('source', 'inputs.source', 'predictions')
SOURCES = ('screen', 'table', 'scored')
JOURNAL = 'journal.jsonl'


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Serves the page until Ctrl-C, then writes the corrections.

    Raises:
        ValueError: Not exactly one of screen, table and scored is given, or what is
            given cannot be used.
        ImportError: The extra `curate` is not installed.
    """
    if not is_main():  # not a task for several hosts
        return
    check(config)
    title, cells, source = open_cells(config, workdir)
    cells = cells.with_classes(class_list(config.classes))
    journal = Journal(workdir / JOURNAL)

    def write() -> str:
        return f'{export(workdir, cells, journal)} {keep_network(workdir, source)}'

    record = dict(title=title, cells=len(cells), class_names=cells.class_names)
    write_json(workdir / 'run.json', environment() | record)
    try:
        if config.serve:
            from deeploc_jax.curate.page.serve import serve

            ranking = Ranking(cells, config.seed)
            training = Training(ranking, journal, workdir, source, run_round)
            desk = Desk(title, ranking, journal, training, config.sheet, write)
            serve(desk, split_names(config.annotators), config.port)
    finally:
        words = write()
        print(f'\n{words.strip()} In {short(workdir)}.')


def check(config: ml_collections.ConfigDict) -> None:
    """Raises an error unless the config can be worked with."""
    given = [name for name in SOURCES if config[name]]
    if len(given) != 1:
        raise ValueError(
            'Say which cells, by one of --config.screen=<screen>, --config.table=<csv> '
            f'and --config.scored=<workdir of score.py>; {len(given)} were given.'
        )
    if config.table:
        require(config, channels='protein=GFP,marker=RFP')
    if not SIZES[0] <= config.sheet <= SIZES[1]:
        raise ValueError(f'sheet ({config.sheet}) must be {SIZES[0]} to {SIZES[1]}.')
    names = split_names(config.annotators)
    if not names or len(set(names)) < len(names):
        raise ValueError('annotators must be names with commas between, each once.')
    if config.serve:
        try:
            import starlette  # noqa: F401
            import uvicorn  # noqa: F401
        except ImportError:
            raise ImportError(
                "The page needs two more packages: pip install -e '.[curate]'."
            ) from None


def open_cells(
    config: ml_collections.ConfigDict, workdir: Path
) -> tuple[str, Curated, Source | None]:
    """Title of the page, its cells with what a network says of them, and the network.

    Raises:
        FileNotFoundError: What is asked for is not there.
        ValueError: It cannot be used, or the workdir is of other cells.
    """
    network, folders = (
        None,
        dict(data_dir=config.data_dir, manual_dir=config.manual_dir),
    )
    if config.source:
        network = read_weights(config.source, white_level=config.white_level)
        folders = data_folders(config.source, **folders)
    claim = functools.partial(claim_workdir, workdir, config.to_dict() | folders)
    inputs: dict[str, Any] = dict(source=network.sha256) if network else {}
    about: dict[str, Any] = dict(license='not stated', simulated=False, pixel_size=None)
    if config.scored:
        claim(MAY_CHANGE, **inputs)
        title, cells = Path(config.scored).name, open_scored_cells(Path(config.scored))
    elif config.screen:
        builder = open_screen(config.screen, **folders)
        screen = describe_screen(builder)
        claim(MAY_CHANGE, screen=screen.identity, **inputs)
        title, cells = config.screen, open_screen_cells(builder, config.split)
        about = {name: getattr(screen, name) for name in about}
    else:
        path, offset = Path(config.table), parse_offset(config.center_offset)
        about_table = config.channels, config.channel_names, offset
        title, cells = path.name, open_any_table(path, *about_table)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        claim(MAY_CHANGE, table=digest, **inputs)
    if config.predictions:
        return title, with_predictions(cells, Path(config.predictions)), None
    if not network:
        return title, cells, None
    return title, *name_by(
        network,
        cells,
        workdir,
        config.source,
        config.white_level,
        channels=split_names(config.network_channels or ''),
        batch_size=config.batch_size,
        about=about | dict(screen=title),
    )
