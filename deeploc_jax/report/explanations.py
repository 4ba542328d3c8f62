"""A section shows which pixels of cells speak for the classes they are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deeploc_jax.report import html, style
from deeploc_jax.report.explained import (
    TITLES,
    Explained,
    column_titles,
    explained_cells,
)
from deeploc_jax.report.section import Section

NOTES = {
    'integrated gradients': 'The gradient of the logit, averaged on the way from a '
    'black image, times the pixel: red speaks for the class, blue against it.',
    'Grad-CAM': 'The maps of the last convolution, each weighted by the mean gradient: '
    'bright speaks for the class. It is as coarse as these maps.',
    'deletion': 'Mean probability of the class while pixels are taken away, the most '
    'important first. Lower is better.',
    'insertion': 'Mean probability of the class while pixels come into a black image, '
    'the most important first. Higher is better.',
    'random weights': 'Rank correlation with the attribution of a network with random '
    'weights. Near 0 is better: the picture shows what was learned.',
    'inside the organelle': 'Share of what speaks for the class that lies where the '
    'organelle of a simulated cell is. In random order it is its area.',
}


def explanations_section(
    rows: Sequence[dict[str, Any]], explained: Explained, record: dict[str, Any]
) -> Section:
    """Draws the cells, and judges the methods.

    Args:
        rows: Rows of `tables.EXPLANATIONS`.
        explained: The cells that are shown.
        record: Contents of `run.json`.
    """
    header, *lines = as_text(rows)
    best = next(row['method'] for row in rows if row['shown'])
    order = sorted(explained.attributions, key=lambda name: name != best)
    with style.house_style():
        pictures = {
            f'explained_{explained.class_names[k]}': html.picture(
                explained_cells(
                    explained, np.flatnonzero(explained.classes == k), order
                ),
                f'Cells that are called {explained.class_names[k]}: '
                f'{", ".join(column_titles(explained, order))}.',
            )
            for k in np.unique(explained.classes)
        }
    title = 'Which pixels speak for a class'
    return Section(title, _lead(rows, best, record), pictures, header, lines, NOTES)


def as_text(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The table as text, its header first."""
    known = any(row.get('inside') is not None for row in rows)
    header = ['order of the pixels', 'cells', 'deletion', 'insertion', 'random weights']
    lines = [header + ['inside the organelle'] * known]
    for row in rows:
        same = row['random_weights']
        lines.append(
            [
                TITLES[row['method']],
                f'{row["cells"]:,}',
                f'{row["deletion"]:.3f} ± {row["deletion_error"]:.3f}',
                f'{row["insertion"]:.3f} ± {row["insertion_error"]:.3f}',
                '' if same is None else f'{same:.2f}',
                *([f'{row["inside"]:.2f}'] if known else []),
            ]
        )
    return lines


def _lead(rows: Sequence[dict[str, Any]], best: str, record: dict[str, Any]) -> str:
    text = (
        'Which pixels speak for the class that the network calls a cell? Of each class '
        'the cells are shown that it is surest of, right or wrong, out of '
        f'{record["cells_looked_at"]:,} cells of {record["split"]}. '
        f'The table judges the methods on {rows[0]["cells"]:,} cells drawn at random; '
        '± is a standard error.'
    )
    chosen = next(row for row in rows if row['method'] == best)
    light = next(row for row in rows if row['method'] == 'brightness')
    text += f' First comes {TITLES[best]}, whose pixels carry the class best.'
    worth, same = (row['insertion'] - row['deletion'] for row in (chosen, light))
    if worth <= same:
        text += (
            ' But the brightest pixels of the protein carry it as well: trust these '
            'pictures little.'
        )
    return text
