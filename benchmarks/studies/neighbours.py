"""Neighbors that carry another localization cost accuracy: the same cells among both.

    python launch.py --config=configs/evaluate.py --config.source=runs/sim \
        --config.screen=yeast_sim/neighbours --workdir=runs/sim-neighbours
    python -m benchmarks.studies.neighbours runs/sim-neighbours ...

`yeast_sim/neighbours` shows each cell twice: among its like (condition `same`) and
among cells whose protein is elsewhere (`foreign`). The table has one row per workdir:
accuracy among each, and the difference with its 95 % interval over resampled whole
proteins. Up to version 4.0.0 of the screen, the column `screen` holds the condition.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from absl import app, flags

from deeploc_jax.markdown import markdown_table
from deeploc_jax.tables.predictions import read_predictions

_SPLIT = flags.DEFINE_string('split', 'test', 'Split that was evaluated.')
_SEED = flags.DEFINE_integer('seed', 0, 'Seed of the resampling.')

RESAMPLES = 2000
HEADER = ('network', 'cells', 'among its like', 'among others', 'difference')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    if len(argv) < 2:
        raise app.UsageError('Name the workdirs of evaluations.')
    print(f'\nyeast_sim/neighbours, {_SPLIT.value}; seed {_SEED.value}\n')
    rows = []
    for name in argv[1:]:
        path = Path(name, 'evaluation', _SPLIT.value, 'predictions.parquet')
        rows.append([Path(name).name, *row(path)])
    print(markdown_table(HEADER, rows))


def row(path: Path) -> list[str]:
    """Number of cells, both accuracies and their difference.

    Raises:
        absl.app.UsageError: The predictions are those of another screen.
    """
    table = read_predictions(path)
    right = table['label'].to_numpy() == table['predicted'].to_numpy()
    columns = ('condition', 'screen', 'protein')
    condition, screen, protein = (np.array(table[c].to_pylist()) for c in columns)
    condition = np.where(condition == '', screen, condition)
    live = ~np.isin(table['label_name'].to_pylist(), ('DEAD', 'GHOST'))
    same, foreign = (live & (condition == s) for s in ('same', 'foreign'))
    if not (same.any() and foreign.any()):
        raise app.UsageError(f'{path} is not of yeast_sim/neighbours.')
    names = np.unique(protein[same])
    sums = np.array(
        [
            [right[rows & (protein == name)].sum() for rows in (same, foreign)]
            + [(same & (protein == name)).sum()]
            for name in names
        ]
    )
    drawn = np.random.default_rng(_SEED.value).integers(
        len(names), size=(RESAMPLES, len(names))
    )
    totals = sums[drawn].sum(1)
    differences = (totals[:, 1] - totals[:, 0]) / totals[:, 2]
    low, high = np.percentile(differences, (2.5, 97.5))
    first, second = right[same].mean(), right[foreign].mean()
    interval = f'{second - first:+.3f} ({low:+.3f} to {high:+.3f})'
    return [f'{same.sum():,}', f'{first:.3f}', f'{second:.3f}', interval]


if __name__ == '__main__':
    app.run(main)
