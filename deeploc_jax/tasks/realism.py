"""Task `realism`: measures how far simulated cells are from real ones."""

from __future__ import annotations

import concurrent.futures
from functools import partial
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from deeploc_jax.command_line import require
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.names import split_names
from deeploc_jax.progress import progress_bar
from deeploc_jax.realism.compare import compare
from deeploc_jax.realism.statistics import crop_statistics
from deeploc_jax.report.realism import Side, write_page
from deeploc_jax.types import METADATA, Cells
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment

SIDES = ('real', 'simulated')


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Compares `config.real` with `config.simulated`.

    Raises:
        ValueError: No real screen is given, or the two have no class in common, or not
            as many channels.
    """
    require(config, **{'real.screen': '<a screen of real cells>'})
    for name in SIDES:
        check_name(f'{name}.group_by', config[name].group_by, METADATA)
    claim_workdir(workdir, config.to_dict())
    folders = config.data_dir, config.manual_dir
    builders = {name: open_screen(config[name].screen, *folders) for name in SIDES}
    if not is_main():  # hosts meet when screens are prepared; the rest is for one
        return
    screens, cells = {}, {}
    for name, builder in builders.items():
        screens[name] = describe_screen(builder).with_channels(None)
        cells[name] = read_cells(builder, config[name].split, memory_limit=0)
    channels = cells['real'].channels
    if len(channels) != len(cells['simulated'].channels):
        raise ValueError(
            f'{config.real.screen} has the channels {channels}, '
            f'{config.simulated.screen} {cells["simulated"].channels}.'
        )
    names = {name: class_of_cells(side) for name, side in cells.items()}
    classes = shared_classes(names, config.classes)
    rows = choose_rows(names, classes, config.cells, np.random.default_rng(config.seed))
    sides, groups = {}, {}
    for name, side in cells.items():
        labels = np.array([classes.index(c) for c in names[name][rows[name]]])
        images = side.images[rows[name]]
        sides[name] = make_side(images, labels, channels, config.shown, name)
        groups[name] = side.metadata[config[name].group_by][rows[name]]
    statistics = [side.statistics for side in sides.values()]
    found = compare(*statistics, *groups.values(), seed=config.seed)
    record = dict(
        auc=found.together,
        auc_folds=found.folds,
        single=dict(sorted(found.single.items(), key=lambda pair: -pair[1])),
        classes=classes,
        seed=config.seed,
        **environment(),
    )
    for name, group in groups.items():
        record[name] = dict(
            dataset=screens[name].full_name,
            split=config[name].split,
            cells=len(group),
            group_by=config[name].group_by,
            groups=len(np.unique(group)),
        )
    write_json(workdir / 'realism.json', record)
    marker = screens['real'].marker_channel
    report = write_page(workdir, sides, record, channels, marker)
    print(
        f'\nReal from simulated cells: AUC {found.together:.3f} (0.5: none can)\n'
        f'Statistics: {workdir / "realism.json"}\nReport:     {report}'
    )


def make_side(
    images: np.ndarray,
    labels: np.ndarray,
    channels: tuple[str, ...],
    shown: int,
    name: str,
) -> Side:
    """Measures the cells of one side, and picks the first of each class to be shown."""
    numbers = range(labels.max() + 1)
    rows = np.concatenate([np.flatnonzero(labels == i)[:shown] for i in numbers])
    return Side(
        images=np.round(255 * images[rows]).astype(np.uint8),
        labels=labels[rows],
        statistics=measure(images, channels, name),
    )


def class_of_cells(cells: Cells) -> np.ndarray:
    """Name of each cell's class in capitals, '' where it is unlabelled."""
    names = np.array([*(name.upper() for name in cells.class_names), ''])
    return names[cells.labels]


def shared_classes(names: dict[str, np.ndarray], wanted: str | None) -> list[str]:
    """The classes compared: those asked for, or all that both sides have cells of.

    Raises:
        ValueError: A side has no cell of a class asked for, or there is none in common.
    """
    present = [set(side) - {''} for side in names.values()]
    both = sorted(set.intersection(*present))
    chosen = split_names(wanted.upper()) if wanted else both
    if not chosen or not set(chosen) <= set(both):
        only = [', '.join(sorted(side)) for side in present]
        raise ValueError(
            f'The real cells are {only[0]}; the simulated ones {only[1]}; asked for: '
            f'{wanted or "all of both"}. Say --config.classes=<class>,<class>.'
        )
    return chosen


def choose_rows(
    names: dict[str, np.ndarray],
    classes: list[str],
    most: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Rows of each side, as many of each class on both, in random order."""
    rows: dict[str, list[np.ndarray]] = {side: [] for side in names}
    for label in classes:
        of_class = {side: np.flatnonzero(n == label) for side, n in names.items()}
        number = min(most, *map(len, of_class.values()))
        for side, found in of_class.items():
            rows[side].append(rng.permutation(found)[:number])
    return {side: rng.permutation(np.concatenate(r)) for side, r in rows.items()}


def measure(
    images: np.ndarray, channels: tuple[str, ...], name: str
) -> dict[str, np.ndarray]:
    """Statistic -> value of each image, by several threads."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = pool.map(partial(crop_statistics, channels=channels), images)
        rows: list[Any] = list(
            progress_bar(found, len(images), f'measure {name}', unit='cell')
        )
    return {what: np.array([row[what] for row in rows]) for what in rows[0]}
