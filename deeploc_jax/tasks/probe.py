"""Task `probe`: classifiers on frozen features, with many labels or a handful."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jax
import ml_collections
import pyarrow as pa

from deeploc_jax.evaluate.feature_table import Features, read_sets
from deeploc_jax.evaluate.table_files import write_table
from deeploc_jax.files import write_json
from deeploc_jax.fingerprint import digest
from deeploc_jax.lookup import check_name
from deeploc_jax.probe.classifiers import PROBES
from deeploc_jax.probe.job import Job, run_job, share_cells
from deeploc_jax.progress import track
from deeploc_jax.report.size_table import in_markdown
from deeploc_jax.report.sizes import write_sizes_page
from deeploc_jax.tasks.claim import claim_workdir
from deeploc_jax.tasks.fits import Fits, parse_sizes
from deeploc_jax.tasks.workdir import environment, short
from deeploc_jax.types import METADATA

NEEDED = ('n_train', 'n_test', 'accuracy', 'balanced_accuracy', 'recall')


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Fits every probe on every set of features; finished fits are not done again.

    Raises:
        ValueError: No features are given, or the config names what does not exist.
    """
    if jax.process_index():  # not a task for several hosts
        return
    if not config.features:
        raise ValueError('Say --config.features=<workdir of configs/features.py>.')
    probes = config.probes.split(',')
    for name in probes:
        check_name('probe', name, PROBES)
    check_name('group_by', config.group_by, METADATA)
    sizes, draws = parse_sizes(config.cells_per_class), config.draws
    if draws < 1:
        raise ValueError(f'draws ({draws}) must be at least 1.')
    sets = read_labelled(config)
    contents = {n: digest([of.values, of.labels]) for n, of in sets.items()}
    claim_workdir(workdir, config, **contents)
    jobs = [
        Job(features, probe, size, draw)
        for features in sets
        for probe in probes
        for size in sizes
        for draw in range(draws if size or PROBES[probe].random else 1)
    ]
    splits = config.splits.to_dict()
    fits, rows = Fits(workdir / 'fits.jsonl', splits, NEEDED), []
    fits.tell_done([dataclasses.asdict(job) for job in jobs])
    for job in track(jobs, description='probe', unit='fit'):
        name = dataclasses.asdict(job)
        if name not in fits:
            of = sets[job.features]
            fits.add(name, run_job(job, of, splits, config.group_by, config.seed))
        rows.append(fits.row(name))
    table = [
        row | dict(recall=json.dumps(row['recall']), test_split=splits['test'])
        for row in rows
    ]
    write_table(pa.Table.from_pylist(table), workdir / 'probe.parquet')
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
    titles = {name: PROBES[name].title for name in probes}
    report = write_sizes_page(workdir, 'Probes on frozen features', named, titles)
    print(f'\n{in_markdown(named)}\n\nTable:  {short(workdir / "probe.parquet")}')
    print(f'Report: {short(report)}')


def read_labelled(config: ml_collections.ConfigDict) -> dict[str, Features]:
    """Features by the name of their workdir, with the labels and classes asked for.

    Raises:
        ValueError: Two workdirs have the same name, a class is unknown, a split has no
            labelled cell of them, there is but one class to learn, or test cells are
            trained on.
    """
    train, test = config.splits.train, config.splits.test
    if share_cells(train, test):
        raise ValueError(
            f'splits.test ({test}) shares cells with splits.train ({train}).'
        )
    sets = read_sets(config.features)
    wanted = config.classes.split(',') if config.classes else None
    for name, found in sets.items():
        for label in wanted or ():
            check_name('class', label, found.class_names)
        sets[name] = found = found.of_classes(wanted or found.class_names)
        for split in (*train.split('+'), *test.split('+')):
            if not len(found.of_split(split)):
                raise ValueError(
                    f'{name} has no labelled cell in split {split!r}; '
                    f'it has {sorted(set(found.metadata["split"]))}.'
                )
        learned = set(found.of_split(train).labels.tolist())
        none = [c for i, c in enumerate(found.class_names) if i not in learned]
        if len(learned) < 2:
            raise ValueError(
                f'Only one class to learn: {name} has cells of '
                f'{" ".join(set(found.class_names) - set(none))} alone in {train!r}.'
            )
        if none:
            print(
                f'{name} has no cell of {", ".join(none)} in {train!r} to learn from.'
            )
    return sets
