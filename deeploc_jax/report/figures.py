"""The figures that a set of results allows are drawn, each with an alt text."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from deeploc_jax.report import report_sheets
from deeploc_jax.report.confusion import confusion_matrix
from deeploc_jax.report.curves import precision_recall, reliability
from deeploc_jax.report.html import Picture, picture
from deeploc_jax.report.results import Results
from deeploc_jax.report.training import training_curves
from deeploc_jax.report.wording import count, decimal

NAMES = (
    'training_curves',
    'confusion_matrix',
    'precision_recall',
    'reliability',
    'examples',
    'mistakes',
    'unlike',
)


def draw_figures(results: Results) -> dict[str, Picture]:
    """Draws the figures of `NAMES` that the results allow.

    Without a training log there are no training curves; without true classes only the
    examples remain, one row per called class.
    """
    drawn = {
        'training_curves': _training(results),
        'confusion_matrix': _confusion(results),
        'precision_recall': _precision_recall(results),
        'reliability': _reliability(results),
        'examples': report_sheets.examples(results),
        'mistakes': report_sheets.mistakes(results),
        'unlike': report_sheets.unlike(results),
    }
    return {name: picture(*made) for name, made in drawn.items() if made}


def _training(results: Results) -> tuple[Figure, str] | None:
    if not results.history:
        return None
    step = max(row['step'] for row in results.history)
    figure = training_curves(results.history, results.run.get('best_step'))
    return figure, (
        'Two charts, loss and accuracy of the training and validation cells against '
        f'the training step up to {step:,}.'
    )


def _confusion(results: Results) -> tuple[Figure, str] | None:
    if not results.metrics['n_labelled']:
        return None
    counts = np.array(results.metrics['confusion'])
    right = count(int(np.trace(counts)), 'cell')
    return confusion_matrix(counts, results.class_names), (
        f'Confusion matrix of {count(len(counts), "class")}; {right} of '
        f'{counts.sum():,} lie on the diagonal. The table by class gives its numbers.'
    )


def _precision_recall(results: Results) -> tuple[Figure, str] | None:
    known = results.labelled
    if not known.any():
        return None
    areas = [row['average_precision'] for row in results.metrics['per_class']]
    figure = precision_recall(
        results.probabilities[known],
        results.column('label')[known],
        results.class_names,
        areas,
    )
    mean = decimal(results.metrics['macro_average_precision']['value'])
    return figure, (
        'Precision against recall, a panel a class; mean average precision '
        f'{mean}. The table by class gives the area under each curve.'
    )


def _reliability(results: Results) -> tuple[Figure, str] | None:
    if not results.metrics['n_labelled']:
        return None
    error = results.metrics['ece']
    figure = reliability(results.metrics['reliability'], error)
    return figure, (
        'Accuracy against confidence with a histogram of the confidence; expected '
        f'calibration error {decimal(error)}.'
    )
