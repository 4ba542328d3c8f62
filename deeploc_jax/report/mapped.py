"""Figures of cells on maps, and of cells beside the nearest ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.lines
import matplotlib.patheffects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deeploc_jax.report import style
from deeploc_jax.report.crop_sheets import composite

ACROSS = 3  # maps beside each other
MOST_ROWS = 24  # chosen cells in the figure of the nearest
TITLES = {'tsne': 't-SNE', 'umap': 'UMAP'}
MOST_COUNTED = 300  # cells of a class that the place of its number is found from


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


def map_figure(mapped: Mapped, method: str) -> Figure:
    """A map for each layer and, last, the colors."""
    number = len(mapped.maps)
    across = min(ACROSS, number)
    down = -(-number // across)
    figure = style.new_figure(style.WIDTH, 3.0 * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    colors = np.array([*style.colors_of(len(mapped.class_names)), style.UNKNOWN])
    there = [k for k in range(len(mapped.class_names)) if (mapped.classes == k).any()]
    for axes in panels:
        axes.set_axis_off()
    for axes, made in zip(panels, mapped.maps, strict=False):
        x, y = made.places[method].T
        axes.scatter(x, y, s=3, c=colors[mapped.classes], linewidths=0)
        axes.set_title(made.layer, fontsize=9)
        axes.set_aspect('equal', 'datalim')
        for k in there:
            _number(axes, made.places[method][mapped.classes == k], k + 1)
    handles = [
        matplotlib.lines.Line2D([], [], marker='o', ls='', ms=4, color=colors[k])
        for k in there
    ]
    names = [f'{k + 1} {style.shorten(mapped.class_names[k], 20)}' for k in there]
    figure.legend(handles, names, loc='outside right center', fontsize=7)
    return figure


def _number(axes: Axes, places: np.ndarray, number: int) -> None:
    """The number of a class, where its cells lie closest together."""
    some = places[:MOST_COUNTED]
    away = np.linalg.norm(some[:, None] - some, axis=2)
    middle = some[np.median(away, axis=1).argmin()]
    halo = matplotlib.patheffects.withStroke(linewidth=2, foreground='white')
    axes.annotate(
        str(number),
        middle,
        ha='center',
        va='center',
        fontsize=7,
        path_effects=[halo],
    )


def nearest_figure(mapped: Mapped) -> Figure:
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
