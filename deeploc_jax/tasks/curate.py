"""Task `curate`: opens a page on which people check and correct labels of cells."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from pathlib import Path
from typing import Any

import ml_collections

from deeploc_jax.command_line import require
from deeploc_jax.curate.cells import Curated
from deeploc_jax.curate.export import export
from deeploc_jax.curate.first_guess import name_cells, with_predictions
from deeploc_jax.curate.from_lab import is_lab_table, open_lab_cells
from deeploc_jax.curate.from_scores import open_scored_cells
from deeploc_jax.curate.from_screen import open_screen_cells, open_table_cells
from deeploc_jax.curate.journal import Journal
from deeploc_jax.curate.sheets import SIZES
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
    title, cells = open_cells(config, workdir)
    cells = cells.with_classes(class_list(config.classes))
    journal = Journal(workdir / JOURNAL)
    write = functools.partial(export, workdir, cells, journal)
    record = dict(title=title, cells=len(cells), class_names=cells.class_names)
    write_json(workdir / 'run.json', environment() | record)
    try:
        if config.serve:
            serve(config, title, cells, journal, write)
    finally:
        words = write()
        print(f'\n{words} In {short(workdir)}.')


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


def open_cells(config: ml_collections.ConfigDict, workdir: Path) -> tuple[str, Curated]:
    """The cells with what a network says of them, and the title of the page."""
    source, folders = None, dict(data_dir=config.data_dir, manual_dir=config.manual_dir)
    if config.source:
        source = read_weights(config.source, white_level=config.white_level)
        folders = data_folders(config.source, **folders)
    inputs = dict(source=source.sha256) if source else {}
    claim = functools.partial(claim_workdir, workdir, config.to_dict() | folders)
    if config.scored:
        claim(MAY_CHANGE, **inputs)
        return Path(config.scored).name, open_scored_cells(Path(config.scored))
    if config.screen:
        builder = open_screen(config.screen, **folders)
        claim(MAY_CHANGE, screen=describe_screen(builder).identity, **inputs)
        title, cells = config.screen, open_screen_cells(builder, config.split)
    else:
        path = Path(config.table)
        opened = open_lab_cells if is_lab_table(path) else open_table_cells
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        claim(MAY_CHANGE, table=digest, **inputs)
        title, cells = path.name, opened(path, config.channels, config.channel_names)
    if config.predictions:
        return title, with_predictions(cells, Path(config.predictions))
    if not source:
        return title, cells
    asked = split_names(config.network_channels or '')
    size = config.batch_size
    made = name_cells(cells, source, workdir, channels=asked, batch_size=size)
    return title, with_predictions(cells, made)


def class_list(asked: str | None) -> list[str]:
    """Names of further classes, from a list or from a file with one a line."""
    if asked and os.path.isfile(asked):
        lines = Path(asked).read_text().splitlines()
        return [line.strip() for line in lines if line.strip()]
    return split_names(asked or '')


def serve(
    config: ml_collections.ConfigDict,
    title: str,
    cells: Curated,
    journal: Journal,
    write: Any,
) -> None:
    """Prints an address for each annotator and serves the page until Ctrl-C."""
    from deeploc_jax.curate.app import Desk, make_app
    from deeploc_jax.curate.guard import Door
    from deeploc_jax.curate.serve import LOOPBACK, make_server, open_socket

    doors = tuple(Door(name) for name in split_names(config.annotators))
    with open_socket(config.port) as listening:
        port = listening.getsockname()[1]
        desk = Desk(title, cells, journal, config.sheet, config.seed, write)
        server = make_server(make_app(desk, doors, port))
        for door in doors:
            print(f'{door.annotator}: http://{LOOPBACK}:{port}/{door.token}/')
        print('Ctrl-C ends the page and writes the corrections.', flush=True)
        with contextlib.suppress(KeyboardInterrupt):  # how a page ends
            server.run(sockets=[listening])
