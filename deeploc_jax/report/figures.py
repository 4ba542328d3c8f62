"""Which figures a set of results allows, drawn, with words for those who hear them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from deeploc_jax.report.cells import called_sheet, example_sheet
from deeploc_jax.report.confusion import confusion_matrix
from deeploc_jax.report.curves import precision_recall, reliability
from deeploc_jax.report.html import Picture, picture
from deeploc_jax.report.results import Results
from deeploc_jax.report.training import training_curves
from deeploc_jax.report.words import count, decimal, percent

NAMES = (
    'training_curves',
    'confusion_matrix',
    'precision_recall',
    'reliability',
    'examples',
    'mistakes',
    'unlike',
)
MOST_MISTAKES = 48


def draw_figures(results: Results) -> dict[str, Picture]:
    """Draws the figures of `NAMES` that the results allow.

    Without a training log there are no training curves; without true classes
    only the examples remain, a row a called class.
    """
    drawn = {
        'training_curves': _training(results),
        'confusion_matrix': _confusion(results),
        'precision_recall': _precision_recall(results),
        'reliability': _reliability(results),
        'examples': _examples(results),
        'mistakes': _mistakes(results),
        'unlike': _unlike(results),
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


def _examples(results: Results) -> tuple[Figure, str] | None:
    if not len(results.images):
        return None
    groups = _example_groups(results)
    figure = example_sheet(
        results.images, groups, results.class_names, results.channels, results.marker
    )
    return figure, (
        f'Crops of {count(int((groups >= 0).sum()), "cell")}, a row a class in index '
        'order, first in colour where there is a marker, then the protein in grey.'
    )


def _example_groups(results: Results) -> np.ndarray:
    """The row of each crop: its called class, -1 where that is known to be wrong."""
    predicted = results.column('predicted')[results.image_rows]
    labels = results.column('label')[results.image_rows]
    return np.where((labels < 0) | (labels == predicted), predicted, -1)


def _mistakes(results: Results) -> tuple[Figure, str] | None:
    labels, predicted, confidence = (
        results.column(name)[results.image_rows]
        for name in ('label', 'predicted', 'confidence')
    )
    wrong = np.flatnonzero((labels >= 0) & (labels != predicted))
    if not len(wrong):
        return None
    # A cell may be kept twice, as an example and as a mistake: show it once.
    _, first = np.unique(results.image_rows[wrong], return_index=True)
    wrong = wrong[first]
    chosen = wrong[np.argsort(-confidence[wrong], kind='stable')][:MOST_MISTAKES]
    figure = called_sheet(
        results.images[chosen],
        [results.class_names[label] for label in labels[chosen]],
        [results.class_names[label] for label in predicted[chosen]],
        confidence[chosen],
        results.marker,
    )
    return figure, (
        f'Crops of the {count(len(chosen), "cell")} called wrong with the highest '
        f'confidence, from {percent(confidence[chosen[0]])} down to '
        f'{percent(confidence[chosen[-1]])}; true class, called class and confidence '
        'stand below each.'
    )


def _unlike(results: Results) -> tuple[Figure, str] | None:
    rows = results.unlike_rows
    if not len(rows):
        return None
    labels, predicted, novelty = (
        results.column(name)[rows] for name in ('label', 'predicted', 'novelty')
    )
    names = [*results.class_names, 'no label']
    figure = called_sheet(
        results.unlike_images,
        [names[label] for label in labels],
        [names[label] for label in predicted],
        novelty,
        results.marker,
    )
    return figure, (
        f'Crops of the {count(len(rows), "cell")} with the highest novelty, from '
        f'{decimal(novelty[0])} down to {decimal(novelty[-1])}; true class, called '
        'class and novelty stand below each.'
    )
