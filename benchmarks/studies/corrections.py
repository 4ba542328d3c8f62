"""What are corrected labels worth? Exchanged ones are discarded where they are found.

    python -m benchmarks.studies.corrections --data_dir=<folder of prepared screens>

Labels of the validation split are exchanged as in benchmarks/studies/mislabelled.py.
Somebody who makes no mistake looks at the first sheets of 64 cells, by suspicion or at
random, and discards what was exchanged. A logistic regression on the features of
`lean-sim` is trained on what is left. The table has its accuracy on the test split,
mean and standard deviation over seeds of the exchange.
"""

from __future__ import annotations

import numpy as np
from absl import app, flags

from benchmarks.studies.frozen import fit, read
from benchmarks.studies.mislabelled import SHEET, exchange
from deeploc_jax.curate.orders.order import order_cells
from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.datasets import open_screen
from deeploc_jax.markdown import markdown_table

SHEETS = 5
SEEDS = 5


def main(_: list[str]) -> None:
    """Prints a table in Markdown."""
    builder = open_screen(flags.FLAGS.screen, flags.FLAGS.data_dir)
    train, test = (read(builder, split) for split in ('validation', 'test'))
    found = [accuracies(train, test, seed) for seed in range(SEEDS)]
    rows = []
    for name in found[0]:
        values = np.array([one[name] for one in found])
        rows.append([name, f'{values.mean():.4f} ± {values.std(ddof=1):.4f}'])
    print(f'\n{builder.info.full_name}, validation ({len(train):,} cells) for test')
    print(markdown_table((f'{SHEETS} sheets', 'accuracy'), rows))


def accuracies(train: Curated, test: Curated, seed: int) -> dict[str, float]:
    """Accuracy on test by what was discarded."""
    wrong, rows = exchange(train, seed)
    features, others = np.asarray(train.features), np.asarray(test.features)
    scale = features.std(axis=0) + 1e-6
    looked = {'none looked at': np.zeros(0, np.int64)}
    for order in ('random', 'suspicion'):
        looked[order] = order_cells(wrong, order, seed)[: SHEETS * SHEET]
    kept = {
        n: np.setdiff1d(range(len(train)), rows[np.isin(rows, v)])
        for n, v in looked.items()
    }
    fits = {n: (features[own], wrong.labels[own]) for n, own in kept.items()}
    fits['no label exchanged'] = features, train.labels
    return {
        name: float((fit(x / scale, y).predict(others / scale) == test.labels).mean())
        for name, (x, y) in fits.items()
    }


if __name__ == '__main__':
    app.run(main)
