"""Movers of a simulated screen that went through all stages: found, false, and missed.

    python launch.py --config=configs/screen.py:sim --workdir=runs/screen-sim
    python -m benchmarks.studies.screen_movers --screens=runs/screen-sim

Unlike `benchmarks.studies.movers`, cells are found in the images, and fields flagged.
Counted are proteins that were compared; those with too few cells are counted apart.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from absl import app, flags

from deeploc_jax.files import read_json
from deeploc_jax.markdown import markdown_table
from deeploc_jax.tables.changes import read_movers

_SCREENS = flags.DEFINE_list('screens', ['runs/screen-sim'], 'Workdirs of screens.')
RATES = (0.05, 0.1)
HEADER = ('screen', 'call', 'compared', 'changed', 'called', 'found', 'false')
HEADER += ('of those changed', 'of the calls')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown, and how many movers go where they are said to."""
    del argv
    rows, notes = [], []
    for folder in map(Path, _SCREENS.value):
        truth = read_truth(folder / 'plates/wells.csv')
        movers = read_movers(folder / 'movers/movers.parquet').to_pylist()
        compared = [row for row in movers if row['p'] is not None]
        rows += judged_rows(folder.name, compared, truth, folder)
        notes.append(f'{folder.name}: {describe(movers, compared, truth)}')
    print(f'\n{markdown_table(HEADER, rows)}\n\n' + '\n'.join(notes))


def read_truth(path: Path) -> dict[str, dict[str, str]]:
    """What the treatment does to each protein."""
    with path.open(newline='') as file:
        return {row['protein']: row for row in csv.DictReader(file)}


def judged_rows(
    name: str,
    compared: list[dict[str, Any]],
    truth: Mapping[str, Mapping[str, str]],
    folder: Path,
) -> list[list[str]]:
    """A row for each method: how many it calls, and how many of them rightly."""
    rate = read_json(folder / 'movers/config.json')['rate']
    rows = [
        judge(compared, truth, 'moves', lambda row, r=r: row['q'] <= r) for r in RATES
    ]
    rows.append(judge(compared, truth, 'moves', lambda row: row['paper_moved']))
    changed = (
        lambda row: row['abundance_changed'],
        lambda row: row['paper_abundance_changed'],
    )
    rows += [judge(compared, truth, 'abundance', called) for called in changed]
    calls = [f'movers, q = {r:g}' for r in RATES] + ["movers, the paper's"]
    calls += [f'abundance, q = {rate:g}', "abundance, the paper's"]
    return [[name, call, *row] for call, row in zip(calls, rows, strict=True)]


def judge(
    compared: list[dict[str, Any]],
    truth: Mapping[str, Mapping[str, str]],
    effect: str,
    called: Callable[[dict[str, Any]], Any],
) -> list[str]:
    """Numbers of proteins compared, changed, called, found, false, and two shares."""
    true = {
        row['protein'] for row in compared if truth[row['protein']]['effect'] == effect
    }
    calls = {row['protein'] for row in compared if called(row)}
    found, false = len(calls & true), len(calls - true)
    counts = (len(compared), len(true), len(calls), found, false)
    shares = (found / max(len(true), 1), false / max(len(calls), 1))
    return [*map(str, counts), *(f'{share:.3f}' for share in shares)]


def describe(
    movers: list[dict[str, Any]],
    compared: list[dict[str, Any]],
    truth: Mapping[str, Mapping[str, str]],
) -> str:
    """Where movers go that were called rightly, and what was not compared."""
    right = [
        r for r in compared if r['moved'] and truth[r['protein']]['effect'] == 'moves'
    ]
    there = sum(row['to'] == truth[row['protein']]['destination'] for row in right)
    both = sum(
        row['to'] == truth[row['protein']]['destination']
        and row['from'] == truth[row['protein']]['origin']
        for row in right
    )
    few = len(movers) - len(compared)
    return (
        f'of {len(right)} movers found, {there} are said to go where they go, {both} '
        f'also to come from where they come; {few} of {len(movers)} proteins had too '
        'few cells.'
    )


if __name__ == '__main__':
    app.run(main)
