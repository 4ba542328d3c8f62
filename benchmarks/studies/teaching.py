"""Which cells to label next: by what they teach (BADGE), the least sure, or at random?

    python -m benchmarks.studies.teaching --data_dir=<folder of prepared screens>

A logistic regression on the features of `lean-sim` is trained on 64 cells of a split,
drawn at random, then on 64 more and so on, which are chosen by what it says of the
others. The table has one row per way to choose: accuracy on another split by the number
of labels, and the number of labels at which it first has 90 % of the accuracy that it
has with all; mean and standard deviation over seeds of the first cells.
"""

from __future__ import annotations

import numpy as np
from absl import app, flags

from benchmarks.studies.frozen import fit, read
from deeploc_jax.curate.orders.teaching import badge
from deeploc_jax.datasets import open_screen
from deeploc_jax.markdown import markdown_table

_SCREEN = flags.DEFINE_string('screen', 'yeast_sim', 'Prepared screen.')
_POOL = flags.DEFINE_string('pool', 'validation', 'Split that cells are chosen from.')
_TEST = flags.DEFINE_string('test', 'test', 'Split that is tested.')
_DATA_DIR = flags.DEFINE_string('data_dir', None, 'Folder of prepared screens.')
_SEEDS = flags.DEFINE_integer('seeds', 5, 'Number of first draws.')

SHEET = 64
SHEETS = 12
SHOWN = (1, 2, 4, 8, 12)
WAYS = ('teaching', 'least sure', 'random')
PLATEAU = 0.9


def main(_: list[str]) -> None:
    """Prints what was looked at and a table in Markdown."""
    builder = open_screen(_SCREEN.value, _DATA_DIR.value)
    known, others = (read(builder, split) for split in (_POOL.value, _TEST.value))
    pool, test = np.asarray(known.features), np.asarray(others.features)
    labels, truth = known.labels, others.labels
    scale = pool.std(axis=0) + 1e-6
    pool, test = pool / scale, test / scale
    whole = float((fit(pool, labels).predict(test) == truth).mean())
    print(
        f'\n{builder.info.full_name}, {_POOL.value} ({len(pool):,} cells) for '
        f'{_TEST.value} ({len(test):,}); all labels: {whole:.3f}; '
        f'{_SEEDS.value} seeds\n'
    )
    rows = []
    for way in WAYS:
        found = np.array(
            [
                curve(way, seed, pool, labels, test, truth)
                for seed in range(_SEEDS.value)
            ]
        )
        reached = found >= PLATEAU * whole
        needed = SHEET * (1 + np.argmax(reached, axis=1)).astype(float)
        needed[~reached.any(axis=1)] = np.nan
        shown = [found[:, n - 1] for n in SHOWN]
        cells = [f'{v.mean():.3f} ± {v.std(ddof=1):.3f}' for v in shown]
        rows.append([way, *cells, f'{needed.mean():.0f} ± {needed.std(ddof=1):.0f}'])
    header = ('way', *(f'{SHEET * n} labels' for n in SHOWN), 'labels for 90 %')
    print(markdown_table(header, rows))


def curve(
    way: str,
    seed: int,
    pool: np.ndarray,
    labels: np.ndarray,
    test: np.ndarray,
    truth: np.ndarray,
) -> list[float]:
    """Accuracy on test after each sheet."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pool))[:SHEET]
    accuracies = []
    for _ in range(SHEETS):
        model = fit(pool[chosen], labels[chosen])
        accuracies.append(float((model.predict(test) == truth).mean()))
        left = np.setdiff1d(np.arange(len(pool)), chosen)
        p = model.predict_proba(pool[left])
        if way == 'teaching':
            picked = badge(p, pool[left], SHEET, rng)
        elif way == 'random':
            picked = rng.permutation(len(left))[:SHEET]
        else:
            first, second = -np.sort(-p, axis=1)[:, :2].T
            picked = np.argsort(first - second)[:SHEET]
        chosen = np.concatenate([chosen, left[picked]])
    return accuracies


if __name__ == '__main__':
    app.run(main)
