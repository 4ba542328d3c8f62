"""A section shows maps of cells, which can be explored on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deeploc_jax.report import html, style
from deeploc_jax.report.explorer import explorer
from deeploc_jax.report.mapped import TITLES, Mapped, map_figure, nearest_figure
from deeploc_jax.report.section import Section

SPACES = {'features': 'features', 'tsne': 't-SNE map', 'umap': 'UMAP map'}
NOTES = {
    'features': 'The largest output of each unit of a layer in a cell, or the '
    'hand-made measurements, each with variance 1. Maps are made from their first 50 '
    'principal components.',
    'silhouette': 'Mean over the cells, by their classes: 1 where classes lie far '
    'apart, 0 where they touch, less where they mix.',
    'same class': 'Share of the ten nearest neighbors of a cell that are of its class; '
    'then the same without neighbors of the same protein, which look alike for other '
    'reasons, too.',
    'same plate': 'Share of the ten nearest neighbors on the same plate. A map that '
    'shows plates shows how cells were imaged.',
    'by chance': 'Share of the same class among neighbors drawn at random.',
}


def maps_section(rows: Sequence[dict[str, Any]], mapped: Mapped) -> Section:
    """Draws the maps, and the nearest cells of chosen ones.

    Args:
        rows: Rows of `tables.MAPS`.
        mapped: The cells.
    """
    header, *lines = as_text(rows)
    methods = list(mapped.maps[0].places)
    with style.house_style():
        pictures = {
            f'maps_{method}': html.picture(
                map_figure(mapped, method), f'{TITLES[method]} by each layer, by class.'
            )
            for method in methods
        }
        pictures['nearest'] = html.picture(
            nearest_figure(mapped),
            f'Chosen cells, left, and the cells nearest to each by {mapped.best}; what '
            'stands below a cell is another class.',
        )
    return Section(
        'Maps of cells',
        f'Cells that look alike to a layer lie together: {len(mapped.classes):,} cells '
        'drawn at random, each by the largest output of every unit. Point at a cell to '
        'see it, click on it for the three nearest. A click on a class in the list '
        'shows it alone. Numbers in the figures stand where a class is densest.',
        pictures,
        header,
        lines,
        NOTES,
        explorer(mapped),
    )


def as_text(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """A line for each layer and space, the header first."""
    lines = [
        [
            'layer',
            'space',
            'silhouette',
            'same class',
            'same class, other proteins',
            'same plate',
            'by chance',
        ]
    ]
    names = ('silhouette', 'purity', 'purity_other_proteins', 'purity_plates', 'chance')
    for row in rows:
        values = (row[name] for name in names)
        texts = ['' if value is None else f'{value:.2f}' for value in values]
        lines.append([row['layer'], SPACES[row['space']], *texts])
    return lines
