"""The modes of a transfer in words, and which of them it advises."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from deeploc_jax.class_map import ClassMap
from deeploc_jax.names import show_names
from deeploc_jax.report.learning_curve_table import Rows

MODES = {
    'as_is': 'the network as it is, asked only for the classes that are mapped',
    'fine_tune': 'all layers are trained further',
    'frozen_conv': 'only the layers after the convolutions are trained further',
    'probe': 'a simple classifier on the last layer of the network as it is',
    'scratch': 'the same network, trained from random values',
}
NEEDED = ('n_train', 'n_test', 'accuracy', 'balanced_accuracy', 'confusion')
NEEDED += ('validation',)  # what the table and the advice are made of
MOST_LOST = 0.3
"""The most that a mode lost from known to new proteins of real cells, in balanced
accuracy, when it started from mapped classes (docs/results/few_labels.md)."""
PLATEAUS = (0.8, 0.9)  # shares of the best score whose cost is named


def advice(rows: Rows, group: str = '') -> str:
    """Which mode to use with how many labels, and how many bring most of what many do.

    It goes by the balanced accuracy on validation, averaged over the draws; the test
    split has no say. Where it is known of all fits, it is that on groups that were not
    trained on. There is no advice where a training has seen all labelled validation
    cells.

    Args:
        rows: A row for each fit.
        group: What the cells are grouped by, 'protein'; '' for nothing.
    """
    learned = [row for row in rows if row['series'] != 'as_is']
    if not learned:
        score = rows[0]['validation']
        return f'On validation as_is has a balanced accuracy of {score:.3f}.'
    metric = _metric(learned)
    if any(row[metric] is None for row in learned):
        return (
            'No advice: some trainings have seen all labelled validation cells. Take '
            'another split as splits.validation.'
        )
    ranked = ranking(rows, group)
    sizes = list(ranked)
    parts = []
    for best, run in itertools.groupby(sizes, lambda size: ranked[size][0][0]):
        scores = [_scores(size, *ranked[size][:2]) for size in run]
        parts.append(f'{best} with {", ".join(scores)}')
    where = f' cells of new {group}s' if metric == 'unseen' else ''
    text = (
        f'Advice: {"; ".join(parts)}. These are labelled cells of each class, and the '
        f'balanced accuracy on validation{where}. {_enough(sizes, ranked)}'
    )
    return text + _warning(unjudged(rows, group), group)


def unjudged(rows: Rows, group: str) -> int:
    """Number of classes that could not be judged on groups that were not trained on.

    Args:
        rows: A row for each fit; for those of earlier versions it is all classes.
        group: What the cells are grouped by, 'protein'; '' for nothing.
    """
    learned = [row for row in rows if group and row['series'] != 'as_is']
    counts = [row.get('unjudged_classes') for row in learned]
    known = [
        len(row['confusion']) if n is None else n
        for row, n in zip(learned, counts, strict=True)
    ]
    return max(known, default=0)


def _warning(classes: int, group: str) -> str:
    """A warning where new groups have not judged every class."""
    if not classes:
        return ''
    number = '1 class' if classes == 1 else f'{classes} classes'
    return (
        f' Warning: accuracy on {group}s that were not trained on is unknown for '
        f'{number}, and probably lower: label cells of two {group}s or more of each. '
        'Until then as_is, which has learned from none of them, comes first unless '
        f'another mode is better by more than {MOST_LOST}.'
    )


def mapping_in_words(classes: ClassMap) -> str:
    """How the classes of the source are asked for, and which are missing.

    Args:
        classes: The classes of the target in terms of those of the source.
    """
    if classes.can_ask:
        text = f'as_is asks the source for: {classes}.'
        if missing := classes.unmapped_names:
            text += f' Nothing is mapped to {show_names(missing)}: counted as wrong.'
        return text
    return (
        'There is no as_is row: it takes two classes of the target with a class of the '
        f'source. The target has {show_names(classes.class_names)}; the source has '
        f'{show_names(classes.source_names)}. Say what belongs together, such as '
        f"--config.class_map='{classes.class_names[0]}={classes.source_names[0]}'."
    )


def ranking(rows: Rows, group: str = '') -> dict[int | None, list[tuple[str, float]]]:
    """The modes by their score on validation, best first, at each number of cells.

    The source as it is is among them at any number. Where not every class could be
    judged on new groups, it comes before modes that are better by `MOST_LOST` or less.

    Args:
        rows: A row for each fit.
        group: What the cells are grouped by, 'protein'; '' for nothing.

    Returns:
        For each number of cells of a class, from few to many, modes and scores.
    """
    learned = [row for row in rows if row['series'] != 'as_is']
    means = _means(rows, _metric(learned))
    ahead = MOST_LOST if unjudged(rows, group) else 0

    def rank(pair: tuple[str, float]) -> float:
        return -pair[1] - ahead * (pair[0] == 'as_is')

    return {
        size: sorted(
            ((mode, score) for (mode, n), score in means.items() if n in (size, 0)),
            key=rank,
        )
        for size in sorted({row['cells_per_class'] for row in learned}, key=_order)
    }


def _metric(learned: Rows) -> str:
    """The score to go by: on groups that were not trained on, where all have it."""
    known = all(row.get('unseen') is not None for row in learned)
    return 'unseen' if known else 'validation'


def _means(rows: Rows, metric: str) -> dict[tuple[str, int | None], float]:
    """Mean score over the draws by mode and size, that of the source on their cells."""
    scores: dict[tuple[str, int | None], list[float]] = {}
    for row in rows:
        mode, size = row['series'], row['cells_per_class']
        pairs = {(mode, size): row.get(metric)}
        if metric == 'unseen':
            pairs['as_is', size] = row.get('unseen_as_is')
        for key, score in pairs.items():
            if score is not None:
                scores.setdefault(key, []).append(score)
    return {key: float(np.mean(draws)) for key, draws in scores.items()}


def _scores(
    size: int | None, best: tuple[str, float], second: tuple[str, float] | None = None
) -> str:
    """The score of the best mode at a size, and of the next."""
    other = f'; {second[0]} {second[1]:.3f}' if second else ''
    return f'{_cells(size)} ({best[1]:.3f}{other})'


def _enough(
    sizes: Sequence[int | None],
    ranked: Mapping[int | None, list[tuple[str, float]]],
) -> str:
    """The labels that a good part of the highest score takes."""
    plateau = max(ranked[size][0][1] for size in sizes)
    needed = []
    for share in PLATEAUS:
        enough = next(s for s in sizes if ranked[s][0][1] >= share * plateau)
        needed.append(f'{_cells(enough)} of each class for {share:.0%} of that')
    return f'The highest is {plateau:.3f}; it takes {" and ".join(needed)}.'


def _order(size: int | None) -> float:
    return math.inf if size is None else size


def _cells(size: int | None) -> str:
    return 'all cells' if size is None else '1 cell' if size == 1 else f'{size} cells'
