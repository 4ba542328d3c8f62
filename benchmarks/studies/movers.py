"""Movers and changes of abundance in simulated alpha-factor screens: found, and false.

    python -m benchmarks.studies.change_screens --folder=runs/screens \
        --seeds=11,12,13,14,15,16,17,18,19,20
    python -m benchmarks.studies.movers --folder=runs/screens

The first command makes the screens, which takes long and can be stopped and run again;
`--cells` and `--replicates` make them smaller. The second prints tables of what there
is: the share of the changed proteins that is found (recall) and the share of the called
proteins that is false, as means over screens with the standard error of the mean, for
the paper's method and for ours at several rates. A screen counts once: with one
replicate it is the first, with two the first two.

The same follows without any mover (proteins that move are left out of the tables), and
without any change at all: number of proteins called a screen, and screens in which any
is called.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from absl import app

from benchmarks.studies.change_screens import CONDITIONS, FOLDER, PROTEIN
from deeploc_jax.changes.compare import Options, compare
from deeploc_jax.changes.wells import Wells, sum_wells
from deeploc_jax.markdown import markdown_table
from deeploc_jax.profiles.cells import profiled_cells

IGNORED = ('DEAD', 'GHOST')
RATES = (0.05, 0.1)
# What is called, the effect that makes it true, and the columns of both methods.
QUESTIONS = {
    'movers': ('moves', 'q', 'paper_moved'),
    'abundance': ('abundance', 'abundance_q', 'paper_abundance_changed'),
}
LEFT_OUT = {'no mover': ('moves',), 'no change': ('moves', 'abundance')}
FOUND = ('call', 'replicates', 'screens', 'method', 'recall', 'false of the called')
FALSE = ('call', 'left in', 'replicates', 'screens', 'method')
FALSE += ('called a screen', 'screens with a false call')


def main(argv: list[str]) -> None:
    """Prints tables in Markdown."""
    del argv
    folders = sorted(Path(FOLDER.value).glob('*/truth.csv'))
    found, false = [], []
    for replicates in (1, 2, 3):
        screens = [path.parent for path in folders if complete(path.parent, replicates)]
        if not screens:
            continue
        runs = [(read_wells(s, replicates), read_truth(s)) for s in screens]
        found += found_rows(runs, replicates)
        for left, effects in LEFT_OUT.items():
            false += false_rows(runs, replicates, left, effects)
    if not found:
        raise app.UsageError(f'{FOLDER.value} holds no finished screen.')
    print(f'\n{markdown_table(FOUND, found)}\n\n{markdown_table(FALSE, false)}')


def paths_of(screen: Path, replicates: int) -> list[Path]:
    """The tables of the first replicates of a screen."""
    return [
        screen / f'replicate_{number}_{condition}.parquet'
        for number in range(1, replicates + 1)
        for condition in CONDITIONS
    ]


def complete(screen: Path, replicates: int) -> bool:
    """Whether so many replicates of a screen are there."""
    return all(path.exists() for path in paths_of(screen, replicates))


def read_wells(screen: Path, replicates: int) -> Wells:
    """The wells of the first replicates of a screen."""
    parts = (
        profiled_cells(pq.read_table(path), IGNORED, PROTEIN)
        for path in paths_of(screen, replicates)
    )
    return sum_wells(parts, IGNORED)


def read_truth(screen: Path) -> dict[str, str]:
    """What the treatment does to each protein."""
    with (screen / 'truth.csv').open(newline='') as file:
        return {row['protein']: row['effect'] for row in csv.DictReader(file)}


def calls(movers: pa.Table, question: str) -> Iterator[tuple[str, np.ndarray]]:
    """Method, and which proteins it calls, in the order of the table."""
    _, q, paper = QUESTIONS[question]
    yield 'paper', np.array([bool(flag) for flag in movers[paper].to_pylist()])
    values = np.array([1.0 if v is None else v for v in movers[q].to_pylist()])
    for rate in RATES:
        yield f'ours, q = {rate:g}', values <= rate


def judge(wells: Wells, truth: dict[str, str]) -> dict[tuple[str, str], list[float]]:
    """Recall, share false and number of the called, by question and method."""
    found: dict[tuple[str, str], list[float]] = {}
    # What counts as moved decides how abundance is judged: each rate by itself.
    for rate in RATES:
        movers = compare(wells, *CONDITIONS, Options(rate=rate)).movers
        effects = np.array([truth[name] for name in movers['protein'].to_pylist()])
        for question, (effect, *_) in QUESTIONS.items():
            true = effects == effect
            for method, called in calls(movers, question):
                if method in ('paper', f'ours, q = {rate:g}'):
                    right = float((called & true).sum())
                    found[question, method] = [
                        right / max(true.sum(), 1),
                        1 - right / called.sum() if called.any() else 0.0,
                        float(called.sum()),
                    ]
    return found


def found_rows(runs: Sequence[tuple[Wells, dict[str, str]]], n: int) -> list[Any]:
    """A row for each question and method: recall and share false, over screens."""
    judged = [judge(wells, truth) for wells, truth in runs]
    return [
        [
            key[0],
            str(n),
            str(len(runs)),
            key[1],
            *(_mean(judged, key, i) for i in (0, 1)),
        ]
        for key in sorted(judged[0])
    ]


def false_rows(
    runs: Sequence[tuple[Wells, dict[str, str]]],
    n: int,
    left: str,
    effects: Sequence[str],
) -> list[Any]:
    """A row for each question and method, with proteins of some effects left out."""
    judged = []
    for wells, truth in runs:
        proteins = wells.keys['protein'].tolist()
        kept = np.array([truth[name] not in effects for name in proteins])
        judged.append(judge(wells.where(kept), truth))
    rows = []
    for key in sorted(judged[0]):
        if QUESTIONS[key[0]][0] in effects:
            any_false = sum(one[key][2] > 0 for one in judged)
            row = [key[0], left, str(n), str(len(runs)), key[1]]
            rows.append([*row, _mean(judged, key, 2, 1), f'{any_false}'])
    return rows


def _mean(judged: Sequence[dict], key: Any, index: int, digits: int = 3) -> str:
    """Mean over screens and its standard error."""
    values = [one[key][index] for one in judged]
    text = f'{np.mean(values):.{digits}f}'
    if len(values) == 1:
        return text
    return f'{text} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.{digits}f}'


if __name__ == '__main__':
    app.run(main)
