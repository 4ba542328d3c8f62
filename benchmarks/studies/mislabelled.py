"""Labels are exchanged on purpose: how many stand on the first sheets of curation?

    python -m benchmarks.studies.mislabelled [--split=validation] [--like=confused]

A share of the cells of a split gets another class, any of them or (`confused`) one that
the network often confuses with theirs, and the cells are put in order by what the
network says of them. The table has one row per order: the share of the exchanged labels
among the first sheets of 64 cells, mean and standard deviation over seeds of the
exchange. Beside the orders of configs/curate.py there are "confidence", the least
probability of the label first, and "margin", the largest lead of another class first
(normalized margin of Northcutt et al. 2021).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from absl import app, flags

from benchmarks.studies.frozen import NETWORK, read
from deeploc_jax.curate.orders.order import order_cells
from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.datasets import open_screen
from deeploc_jax.markdown import markdown_table
from deeploc_jax.weights.folder import read_weights

_SCREEN = flags.DEFINE_string('screen', 'yeast_sim', 'Prepared screen.')
_SPLIT = flags.DEFINE_string('split', 'test', 'Its split.')
_LIKE = flags.DEFINE_enum('like', 'any', ['any', 'confused'], 'The other class.')
_DATA_DIR = flags.DEFINE_string('data_dir', None, 'Folder of prepared screens.')
_SHARE = flags.DEFINE_float('share', 0.05, 'Share of the labels exchanged.')
_SEEDS = flags.DEFINE_integer('seeds', 5, 'Number of exchanges.')

SHEET = 64
SHEETS = (1, 2, 3, 5, 10)
ORDERS = ('suspicion', 'confidence', 'margin', 'novelty', 'random')


def main(_: list[str]) -> None:
    """Prints what was looked at and a table in Markdown."""
    builder = open_screen(_SCREEN.value, _DATA_DIR.value)
    cells = read(builder, _SPLIT.value)
    proteins = np.unique(cells.metadata['protein'])
    known = int(np.isin(proteins, read_weights(NETWORK).card.proteins).sum())
    right = float((cells.labels == cells.guesses).mean())
    print(
        f'\n{builder.info.full_name} {_SPLIT.value}: {len(cells):,} cells of '
        f'{len(proteins)} proteins, {known} of these among those that '
        f'{NETWORK} was trained on, accuracy {right:.3f}; '
        f'{round(_SHARE.value * len(cells))} labels exchanged for {_LIKE.value}, '
        f'{_SEEDS.value} seeds\n'
    )
    found = np.array([shares(cells, seed) for seed in range(_SEEDS.value)])
    mean, spread = found.mean(axis=0), found.std(axis=0, ddof=1)
    rows = [
        [name, *(f'{m:.2f} ± {s:.2f}' for m, s in zip(*values, strict=True))]
        for name, *values in zip(ORDERS, mean, spread, strict=True)
    ]
    print(markdown_table(('order', *(f'{n} sheets' for n in SHEETS)), rows))


def shares(cells: Curated, seed: int) -> np.ndarray:
    """Share of the exchanged labels found, by order and number of sheets."""
    exchanged, chosen = exchange(cells, seed)
    labels = exchanged.labels
    p = np.array(exchanged.probabilities)
    own = p[np.arange(len(cells)), labels]
    p[np.arange(len(cells)), labels] = 0
    extra = dict(confidence=np.argsort(own), margin=np.argsort(own - p.max(axis=1)))
    found = []
    for order in ORDERS:
        rows = extra[order] if order in extra else order_cells(exchanged, order, seed)
        found.append([np.isin(chosen, rows[: SHEET * n]).mean() for n in SHEETS])
    return np.array(found)


def exchange(cells: Curated, seed: int) -> tuple[Curated, np.ndarray]:
    """The cells with some labels exchanged, and the rows of these."""
    rng = np.random.default_rng((seed, 1))
    chosen = rng.permutation(len(cells))[: round(_SHARE.value * len(cells))]
    labels = cells.labels.copy()
    weights = other_classes(cells)
    classes = len(weights)
    labels[chosen] = [rng.choice(classes, p=weights[own]) for own in labels[chosen]]
    return dataclasses.replace(cells, labels=labels), chosen


def other_classes(cells: Curated) -> np.ndarray:
    """How often a class is exchanged for another one, rows sum to 1, [k, k]."""
    k = int(cells.labels.max()) + 1
    counts = np.full((k, k), 1.0 if _LIKE.value == 'any' else 0.05)
    if _LIKE.value == 'confused':
        np.add.at(counts, (cells.labels, np.minimum(cells.guesses, k - 1)), 1)
    np.fill_diagonal(counts, 0)
    return counts / counts.sum(axis=1, keepdims=True)


if __name__ == '__main__':
    app.run(main)
