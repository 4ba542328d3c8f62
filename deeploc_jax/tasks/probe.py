"""Task `probe`: compares classifiers on frozen features, by number of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from deeploc_jax.command_line import require
from deeploc_jax.devices import is_main
from deeploc_jax.files import write_json
from deeploc_jax.fingerprint import digest
from deeploc_jax.lookup import check_name
from deeploc_jax.names import split_names, split_sizes
from deeploc_jax.probe import ensemble
from deeploc_jax.probe.classifiers import PROBES
from deeploc_jax.probe.job import Job, run_job
from deeploc_jax.probe.labelled import labelled_sets
from deeploc_jax.probe.training_sets import (
    TrainingSets,
    join_features,
    read_training_sets,
)
from deeploc_jax.progress import progress_bar
from deeploc_jax.report.learning_curve_table import in_markdown, mean_and_spread
from deeploc_jax.report.learning_curves import write_learning_curves
from deeploc_jax.tables.features import Features, read_sets
from deeploc_jax.tables.fits import probes_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.types import METADATA
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.finished_fits import Fits
from deeploc_jax.workdir.record import environment, short

MAY_CHANGE = ('splits.test', 'probes', 'training_sets', 'cells_per_class', 'draws')
TITLES = {name: probe.title for name, probe in PROBES.items()}
TITLES[ensemble.NAME] = ensemble.TITLE
RANDOM = {name for name, probe in PROBES.items() if probe.random}
NEEDED = ('n_train', 'n_test', 'accuracy', 'balanced_accuracy', 'recall')
# Earlier versions lack it, and did not choose the parameter of forests.
NEEDED += ('chosen_among',)


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Fits every probe on every set of features; finished fits are not done again.

    Raises:
        ValueError: No features are given, or the config names what does not exist.
    """
    if not is_main():  # not a task for several hosts
        return
    require(config, features='<workdir of features>', probes='<name>')
    probes = split_names(config.probes)
    sizes, draws = check(config, probes)
    every = read_sets(split_names(config.features))
    classes = split_names(config.classes or '') or None
    sets = labelled_sets(every, classes, config.splits.train, config.splits.test)
    examples: dict[str, TrainingSets | None] = dict.fromkeys(sets)
    if ensemble.NAME in probes:
        examples |= training_sets(config, every, sets)
    contents = {n: digest([of.values, of.labels]) for n, of in sets.items()}
    claim_workdir(workdir, config.to_dict(), MAY_CHANGE, **contents)
    jobs = [
        Job(features, probe, size, draw)
        for features in sets
        for probe in probes
        for size in sizes
        for draw in range(draws if size is not None or probe in RANDOM else 1)
    ]
    rows = run_all(config, workdir, jobs, sets, examples)
    table = probes_table([row | dict(test_split=config.splits.test) for row in rows])
    write_table(table, workdir / 'probe.parquet')
    first = next(iter(sets.values()))
    record = dict(
        environment(),
        classes=first.class_names,
        features={name: of.about for name, of in sets.items()},
        splits=config.splits.to_dict(),
        cells={s: len(first.of_split(s)) for s in config.splits.values()},
    )
    write_json(workdir / 'run.json', record)
    series = {name: name if len(sets) > 1 else '' for name in sets}
    named = [
        dict(row, series=f'{series[row["features"]]} {row["probe"]}'.strip())
        for row in rows
    ]
    titles = {name: TITLES[name] for name in probes}
    report = write_learning_curves(workdir, 'Probes on frozen features', named, titles)
    markdown = in_markdown(mean_and_spread(named))
    print(f'\n{markdown}\n\nTable:  {short(workdir / "probe.parquet")}')
    print(f'Report: {short(report)}')


def run_all(
    config: ml_collections.ConfigDict,
    workdir: Path,
    jobs: list[Job],
    sets: dict[str, Features],
    examples: dict[str, TrainingSets | None],
) -> list[dict[str, Any]]:
    """Does the jobs that are not done yet, and returns the rows of all."""
    splits = config.splits.to_dict()
    fits, rows = Fits(workdir / 'fits.jsonl', splits, NEEDED), []
    names = [job.name | told_by(job, examples) for job in jobs]
    fits.print_done(names)
    pairs = zip(jobs, names, strict=True)
    for job, name in progress_bar(pairs, len(jobs), 'probe', unit='fit'):
        if name not in fits:
            result = run_job(
                job,
                sets[job.features],
                splits,
                config.group_by,
                config.seed,
                examples[job.features],
            )
            fits.add(name, result)
        rows.append(fits.row(name) | dict(cells_per_class=job.cells_per_class))
    return rows


def check(
    config: ml_collections.ConfigDict, probes: list[str]
) -> tuple[list[int] | list[None], int]:
    """Sizes and draws asked for.

    Raises:
        ValueError: The config names what does not exist, or what does not go together.
    """
    for name in probes:
        check_name('probe', name, TITLES)
    check_name('group_by', config.group_by, METADATA)
    sizes = split_sizes(config.cells_per_class)
    if config.draws < 1:
        raise ValueError(f'draws ({config.draws}) must be at least 1.')
    if (ensemble.NAME in probes) != bool(config.training_sets):
        raise ValueError(
            f'training_sets ({config.training_sets}) and the probe {ensemble.NAME} '
            'belong together: give both or neither.'
        )
    if config.training_sets and sizes != [None]:
        raise ValueError(
            f'{ensemble.NAME} learns from the cells of its sets: leave '
            f'cells_per_class ({config.cells_per_class}) out.'
        )
    return sizes, config.draws


def told_by(job: Job, examples: dict[str, TrainingSets | None]) -> dict[str, str]:
    """Digest that distinguishes an ensemble from one on other training sets."""
    sets = examples[job.features]
    if job.probe != ensemble.NAME or sets is None:
        return {}
    return dict(training_sets=digest([sets.signs, sets.classes])[:16])


def training_sets(
    config: ml_collections.ConfigDict,
    every: dict[str, Features],
    sets: dict[str, Features],
) -> dict[str, TrainingSets]:
    """The training sets of each set of features, of the classes asked for."""
    rows = read_training_sets(config.training_sets)
    joined = {}
    for name, features in every.items():
        names = sets[name].class_names
        asked = [row for row in rows if row[1] in names or not config.classes]
        cells = features.of_split(config.splits.train)
        where = f'{config.training_sets}, {name}, split {config.splits.train!r}'
        joined[name] = found = join_features(
            asked, cells, names, config.group_by, where
        )
        print(
            f'{name}: {np.count_nonzero(found.signs):,} of {len(asked):,} rows of '
            f'{config.training_sets} are of cells in split {config.splits.train!r}.'
        )
        absent = [c for i, c in enumerate(names) if i not in found.classes]
        if absent:
            print(f'No classifier is for {", ".join(absent)}: never its answer.')
    return joined
