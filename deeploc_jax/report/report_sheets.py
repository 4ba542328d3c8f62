"""The sheets of crops that a set of results allows are drawn, each with an alt text."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from deeploc_jax.report.crop_sheets import called_sheet, example_sheet
from deeploc_jax.report.results import Results
from deeploc_jax.report.selection import example_classes
from deeploc_jax.report.wording import count, decimal, percent

MOST_MISTAKES = 48


def examples(results: Results) -> tuple[Figure, str] | None:
    """Draws cells of each class, called right or of no known class."""
    if not len(results.images):
        return None
    chosen = example_classes(results)
    row = np.full(len(results.class_names) + 1, -1)
    row[chosen] = np.arange(len(chosen))
    groups, names = row[_example_groups(results)], results.class_names
    figure = example_sheet(
        results.images,
        groups,
        [names[index] for index in chosen],
        results.channels,
        results.marker,
    )
    return figure, (
        f'Crops of {count(int((groups >= 0).sum()), "cell")}, one row per class in '
        'index order, first in color where there is a marker, then the protein in gray.'
    )


def _example_groups(results: Results) -> np.ndarray:
    """Row of each crop: its called class, or -1 where that is known to be wrong."""
    predicted = results.column('predicted')[results.image_rows]
    labels = results.column('label')[results.image_rows]
    return np.where((labels < 0) | (labels == predicted), predicted, -1)


def mistakes(results: Results) -> tuple[Figure, str] | None:
    """Draws the wrong calls with the highest confidence."""
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
    surest, least = confidence[chosen][[0, -1]].tolist()
    figure = called_sheet(
        results.images[chosen],
        [results.class_names[label] for label in labels[chosen]],
        [results.class_names[label] for label in predicted[chosen]],
        confidence[chosen],
        results.marker,
    )
    return figure, (
        f'Crops of the {count(len(chosen), "cell")} called wrong with the highest '
        f'confidence, from {percent(surest)} down to {percent(least)}; true class, '
        'called class and confidence stand below each.'
    )


def unlike(results: Results) -> tuple[Figure, str] | None:
    """Draws the cells least like those trained on."""
    rows = results.unlike_rows
    if not len(rows):
        return None
    labels, predicted, novelty = (
        results.column(name)[rows] for name in ('label', 'predicted', 'novelty')
    )
    names = [*results.class_names, 'no label']
    strangest, least = novelty[[0, -1]].tolist()
    figure = called_sheet(
        results.unlike_images,
        [names[label] for label in labels],
        [names[label] for label in predicted],
        novelty,
        results.marker,
    )
    return figure, (
        f'Crops of the {count(len(rows), "cell")} with the highest novelty, from '
        f'{decimal(strangest)} down to {decimal(least)}; true class, called '
        'class and novelty stand below each.'
    )
