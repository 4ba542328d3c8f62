"""A section shows maps of cells, which can be explored on the page."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import matplotlib.colors
import matplotlib.lines
import numpy as np
from matplotlib.figure import Figure

from deeploc_jax.report import html, style
from deeploc_jax.report.crop_sheets import composite
from deeploc_jax.report.section import Section
from deeploc_jax.report.sprites import sprite_sheet

ACROSS = 3  # maps beside each other
MOST_ROWS = 24  # chosen cells in the figure of the nearest
TITLES = {'tsne': 't-SNE', 'umap': 'UMAP'}
SPACES = {'features': 'features', 'tsne': 't-SNE map', 'umap': 'UMAP map'}
UNKNOWN = '#c4c8ce'
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


@dataclasses.dataclass(frozen=True)
class Mapped:
    """Cells on maps, as the figures need them.

    Attributes:
        images: Crops, float32 [n, s, s, c] in [0, 1], protein first.
        marker: Index of the marker among the channels, -1 for none.
        classes: Class of each cell, -1 where it is not known, [n].
        class_names: In index order.
        metadata: Columns by name, each [n]; `cell_id` and what maps are colored by.
        maps: Maps as `explain.maps.CellMap` has them: layer, places, near.
        best: Layer whose nearest cells are shown.
        chosen: Rows of the cells whose nearest are shown.
    """

    images: np.ndarray
    marker: int
    classes: np.ndarray
    class_names: Sequence[str]
    metadata: Mapping[str, np.ndarray]
    maps: Sequence[Any]
    best: str
    chosen: Sequence[int]


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
                _maps(mapped, method), f'{TITLES[method]} by each layer, by class.'
            )
            for method in methods
        }
        pictures['nearest'] = html.picture(
            _nearest(mapped),
            f'Chosen cells, left, and the cells nearest to each by {mapped.best}; what '
            'stands below a cell is another class.',
        )
    return Section(
        'Maps of cells',
        f'Cells that look alike to a layer lie together: {len(mapped.classes):,} cells '
        'drawn at random, each by the largest output of every unit. Point at a cell to '
        'see it, click on it for the three nearest.',
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


def colors_of(count: int) -> list[str]:
    """Colors of so many groups: strong ones first, then pale ones, then again."""
    every = matplotlib.colormaps['tab20'](range(20))
    every = [*every[::2], *every[1::2]]
    return [matplotlib.colors.to_hex(every[k % len(every)]) for k in range(count)]


def explorer(mapped: Mapped) -> dict[str, Any]:
    """What report/explorer.js needs: places in thousandths, neighbors, thumbnails."""
    groups = {'class': (list(mapped.class_names), mapped.classes.tolist())}
    for name in ('protein', 'plate', 'condition'):
        names, number = np.unique(mapped.metadata[name], return_inverse=True)
        if len(names) > 1:
            groups[name] = (names.tolist(), number.tolist())
    sheet, side, across = sprite_sheet(mapped.images, mapped.marker)
    return dict(
        sprites=sheet,
        side=side,
        across=across,
        ids=list(map(str, mapped.metadata['cell_id'])),
        groups={
            name: dict(names=names, of=of, colors=colors_of(len(names)))
            for name, (names, of) in groups.items()
        },
        maps=[
            dict(
                name=f'{made.layer}, {TITLES[method]}',
                places=_thousandths(places),
                near=made.near[:, :3].ravel().tolist(),
            )
            for made in mapped.maps
            for method, places in made.places.items()
        ],
    )


def _thousandths(places: np.ndarray) -> list[int]:
    """Places from 0 to 1000 on both axes, x and y of one cell after the other."""
    size = np.ptp(places, 0).max() or 1
    scaled = (places - places.min(0)) / size * 1000
    return np.rint(scaled).astype(int).ravel().tolist()


def _maps(mapped: Mapped, method: str) -> Figure:
    """A map for each layer and, last, the colors."""
    number = len(mapped.maps)
    across = min(ACROSS, number)
    down = -(-number // across)
    figure = style.new_figure(style.WIDTH, 3.0 * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    colors = np.array([*colors_of(len(mapped.class_names)), UNKNOWN])
    for axes in panels:
        axes.set_axis_off()
    for axes, made in zip(panels, mapped.maps, strict=False):
        x, y = made.places[method].T
        axes.scatter(x, y, s=3, c=colors[mapped.classes], linewidths=0)
        axes.set_title(made.layer, fontsize=9)
        axes.set_aspect('equal', 'datalim')
    there = [k for k in range(len(mapped.class_names)) if (mapped.classes == k).any()]
    handles = [
        matplotlib.lines.Line2D([], [], marker='o', ls='', ms=4, color=colors[k])
        for k in there
    ]
    names = [style.shorten(mapped.class_names[k], 20) for k in there]
    figure.legend(handles, names, loc='outside right center', fontsize=7)
    return figure


def _nearest(mapped: Mapped) -> Figure:
    """Chosen cells with the nearest ones, a row for each."""
    near = next(made.near for made in mapped.maps if made.layer == mapped.best)
    chosen = list(mapped.chosen)[:MOST_ROWS]
    columns = 1 + near.shape[1]
    figure = style.new_figure(0.86 * columns + 1.2, 0.98 * len(chosen))
    panels = figure.subplots(len(chosen), columns, squeeze=False)
    names = [*mapped.class_names, 'not known']
    for row, line in zip(chosen, panels, strict=True):
        own = mapped.classes[row]
        line[0].set_ylabel(
            style.shorten(names[own], 18),
            rotation=0,
            ha='right',
            va='center',
            fontsize=7,
        )
        for cell, axes in zip([row, *near[row]], line, strict=True):
            pixels = np.round(mapped.images[cell] * 255).clip(0, 255).astype(np.uint8)
            axes.imshow(composite(pixels, mapped.marker), interpolation='nearest')
            if mapped.classes[cell] != own:
                other = style.shorten(names[mapped.classes[cell]], 13)
                axes.set_xlabel(other, fontsize=6, color=style.VALIDATION, labelpad=1)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    return figure
