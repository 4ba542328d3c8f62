"""The modes of a transfer in words, and which of them it advises."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from deeploc_jax.report.learning_curve_table import Rows

MODES = {
    'fine_tune': 'all layers are trained further',
    'frozen_conv': 'only the layers after the convolutions are trained further',
    'probe': 'a simple classifier on the last layer of the network as it is',
    'scratch': 'the same network, trained from random values',
}
NEEDED = ('n_train', 'n_test', 'accuracy', 'balanced_accuracy', 'confusion')
NEEDED += ('validation',)  # what the table and the advice are made of
PLATEAUS = (0.8, 0.9)  # shares of the best score whose cost is named

Scores = Mapping[int | None, Sequence[float]]
"""Validation scores of the draws of each size; the size None stands for all cells."""


def advice(rows: Rows) -> str:
    """Which mode to use, and how many labels bring most of what many bring.

    It goes by the balanced accuracy on validation, averaged over the draws; the test
    split has no say. There is no advice where a training has seen all labelled
    validation cells.
    """
    if any(row['validation'] is None for row in rows):
        return (
            'No advice: some trainings have seen all labelled validation cells. Take '
            'another split as splits.validation.'
        )
    scores: dict[str, dict[int | None, list[float]]] = {}
    for row in rows:
        of_mode = scores.setdefault(row['series'], {})
        of_mode.setdefault(row['cells_per_class'], []).append(row['validation'])
    best = max(scores, key=lambda mode: np.mean(list(_means(scores[mode]).values())))
    return ' '.join([_recommend(best, scores[best]), *_exceptions(best, scores)])


def _recommend(best: str, scores: Scores) -> str:
    """The best mode, its highest score and what a good part of that takes."""
    means = _means(scores)
    sizes, plateau = sorted(means, key=_order), max(means.values())
    needed = []
    for share in PLATEAUS:
        enough = next(size for size in sizes if means[size] >= share * plateau)
        needed.append(f'{_cells(enough)} of each class for {share:.0%} of that')
    return (
        f'Advice: {best}. On validation it reaches a balanced accuracy of '
        f'{plateau:.3f} with at most {_cells(sizes[-1])} of each class; it takes '
        f'{" and ".join(needed)}.'
    )


def _exceptions(best: str, scores: Mapping[str, Scores]) -> list[str]:
    """A sentence for each size at which another mode is better in every draw."""
    means = {mode: _means(of_mode) for mode, of_mode in scores.items()}
    sentences = []
    for size in sorted(scores[best], key=_order):
        winner = max(means, key=lambda mode: means[mode][size])
        draws = zip(scores[winner][size], scores[best][size], strict=True)
        if all(one > other for one, other in draws):
            sentences.append(
                f'With {_cells(size)} of each class {winner} is better in every draw '
                f'({means[winner][size]:.3f}; {best} {means[best][size]:.3f}).'
            )
    return sentences


def _means(scores: Scores) -> dict[int | None, float]:
    return {size: float(np.mean(draws)) for size, draws in scores.items()}


def _order(size: int | None) -> float:
    return math.inf if size is None else size


def _cells(size: int | None) -> str:
    return 'all cells' if size is None else '1 cell' if size == 1 else f'{size} cells'
