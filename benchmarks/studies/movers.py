"""Movers and changes of abundance in simulated alpha-factor screens: found, and false.

    python -m benchmarks.studies.change_screens --folder=runs/screens \
        --seeds=13,14,15,16,17,18,19,20,21,22
    python -m benchmarks.studies.movers --folder=runs/screens --wells=0,24,12,8

The first command makes the screens, which takes long and can be stopped and run again;
`--cells` and `--replicates` make them smaller. The second prints a table of what there
is: the share of the changed proteins that is found (recall) and the share of the called
proteins that is false, as means over screens with the standard error of the mean, for
the paper's method and for ours at several rates. A screen counts once: with one
replicate it is the first, with two the first two. Smaller screens are some proteins of
each plate, drawn `--draws` times; a screen then counts by the mean over its draws.

The last columns tell of the same screens without any mover (for movers), or without any
change at all (for abundance): proteins are left out of the tables.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from absl import app, flags

from benchmarks.studies.change_screens import CONDITIONS, FOLDER, PROTEIN
from deeploc_jax.changes.compare import Options, compare
from deeploc_jax.changes.wells import Wells, sum_wells
from deeploc_jax.markdown import markdown_table
from deeploc_jax.profiles.cells import profiled_cells

_ONLY = flags.DEFINE_list('only', [], 'Seeds of the screens; by default all there are.')
_WELLS = flags.DEFINE_list('wells', ['0'], 'Proteins of each plate; 0 is all of them.')
_DRAWS = flags.DEFINE_integer('draws', 4, 'Draws of these.')
_NUMBERS = flags.DEFINE_list('numbers', ['1', '2', '3'], 'Numbers of replicates.')

IGNORED = ('DEAD', 'GHOST')
RATES = (0.05, 0.1)
# What is called, the effect that makes it true, the columns of both methods, and the
# effects that are left out to see what is called without.
QUESTIONS = {
    'movers': ('moves', 'q', 'paper_moved', ('moves',)),
    'abundance': (
        'abundance',
        'abundance_q',
        'paper_abundance_changed',
        ('moves', 'abundance'),
    ),
}
HEADER = ('call', 'proteins a plate', 'proteins', 'replicates', 'screens', 'method')
HEADER += ('found', 'false of the called', 'called without', 'screens with such a call')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    del argv
    every = sorted(Path(FOLDER.value).glob('*/truth.csv'))
    folders = [
        p.parent for p in every if not _ONLY.value or p.parent.name in _ONLY.value
    ]
    rows = []
    for replicates in map(int, _NUMBERS.value):
        screens = [folder for folder in folders if complete(folder, replicates)]
        runs = [(read_wells(s, replicates), read_truth(s)) for s in screens]
        for size in map(int, _WELLS.value):
            if runs:
                rows += rows_of(runs, replicates, size)
    if not rows:
        raise app.UsageError(f'{FOLDER.value} holds no finished screen.')
    print(f'\n{markdown_table(HEADER, sorted(rows, key=lambda row: row[0]))}')


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


def draw(wells: Wells, size: int, seed: int) -> Wells:
    """So many proteins of each plate of the first condition; all of them for 0."""
    if not size:
        return wells
    rng = np.random.default_rng((seed, size))
    keys = {name: column.astype(str) for name, column in wells.keys.items()}
    first = (keys['condition'] == CONDITIONS[0]) & (keys['replicate'] == '1')
    kept: list[str] = []
    for plate in np.unique(keys['plate'][first]):
        names = np.unique(keys['protein'][first & (keys['plate'] == plate)])
        kept += rng.permutation(names)[:size].tolist()
    return wells.where(np.isin(keys['protein'], kept))


def called(movers: pa.Table, question: str) -> dict[str, np.ndarray]:
    """Which proteins each method calls, in the order of the table."""
    _, q, paper, _ = QUESTIONS[question]
    values = np.array([1.0 if v is None else v for v in movers[q].to_pylist()])
    calls = {f'ours, q = {rate:g}': values <= rate for rate in RATES}
    return calls | {"the paper's": np.array(list(map(bool, movers[paper].to_pylist())))}


def judge(wells: Wells, truth: dict[str, str]) -> dict[tuple[str, str], list[float]]:
    """Proteins, recall, share false, and calls without a change, by what and method."""
    found: dict[tuple[str, str], list[float]] = {}
    movers = compare(wells, *CONDITIONS, Options()).movers
    effects = np.array([truth[name] for name in movers['protein'].to_pylist()])
    for question, (effect, _, _, left_out) in QUESTIONS.items():
        true = effects == effect
        proteins = wells.keys['protein'].tolist()
        kept = np.array([truth[name] not in left_out for name in proteins])
        try:
            without = compare(wells.where(kept), *CONDITIONS, Options()).movers
            none = {k: int(v.sum()) for k, v in called(without, question).items()}
        except ValueError:  # too few proteins are left
            none = {}
        for method, calls in called(movers, question).items():
            right, all_ = int((calls & true).sum()), int(calls.sum())
            found[question, method] = [
                len(true),
                right / max(int(true.sum()), 1),
                1 - right / all_ if all_ else 0.0,
                none.get(method, np.nan),
                float(none[method] > 0) if method in none else np.nan,
            ]
    return found


def rows_of(
    runs: Sequence[tuple[Wells, dict[str, str]]], replicates: int, size: int
) -> list[list[str]]:
    """A row for each question and method."""
    judged = [
        [
            judge(draw(wells, size, seed), truth)
            for seed in range(_DRAWS.value if size else 1)
        ]
        for wells, truth in runs
    ]
    rows = []
    for key in judged[0][0]:
        # Screens, draws, numbers of `judge`: a mean over draws for each screen.
        values = np.array([[one[key] for one in draws] for draws in judged])
        means = [_mean(column) for column in values.mean(axis=1)[:, :3].T]
        without, any_ = values[:, :, 3].ravel(), values[:, :, 4].ravel()
        known = np.isfinite(without)
        some = f'{np.mean(without[known]):.1f}' if known.any() else ''
        rows.append(
            [key[0], str(size or 'all'), f'{values[..., 0].mean():.0f}']
            + [str(replicates), str(len(runs)), key[1], *means[1:], some]
            + [f'{int(any_[known].sum())} of {int(known.sum())}']
        )
    return rows


def _mean(values: np.ndarray) -> str:
    """Mean over screens and its standard error."""
    text = f'{np.mean(values):.3f}'
    if len(values) == 1:
        return text
    return f'{text} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.3f}'


if __name__ == '__main__':
    app.run(main)
