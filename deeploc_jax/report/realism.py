"""A page shows how far simulated cells are from real ones."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deeploc_jax.report import html, style
from deeploc_jax.report.crop_sheets import example_sheet
from deeploc_jax.report.selection import MANY, SHOWN

COLORS = {'real': style.TRAIN, 'simulated': style.VALIDATION}
PANELS_ACROSS, MOST_PANELS = 4, 12
SERIES = {
    'ring': ('distance from the middle of the crop, pixels', 'intensity', 4),
    'power': ('spatial frequency, cycles per pixel', 'log10 of power', 1 / 16),
}
"""Series of statistics: names of the axes and length of a step along the first."""

CAPTIONS = {
    'cells': 'Cells of both sides, drawn at random, a pair of rows for each class.',
    'series': 'Profile and spectrum: medians over cells (lines) and quartiles (bands).',
    'differences': 'The statistics that separate the sides best, each alone.',
}


@dataclasses.dataclass(frozen=True)
class Side:
    """Real or simulated cells.

    Attributes:
        images: Crops for the sheet, uint8 [m, h, w, c], protein first.
        labels: Row of each crop on the sheet, int [m].
        statistics: Statistic -> value of each cell, [n].
    """

    images: np.ndarray
    labels: np.ndarray
    statistics: dict[str, np.ndarray]


def write_page(
    workdir: Path,
    sides: dict[str, Side],
    record: dict[str, Any],
    channels: tuple[str, ...],
    marker: int,
) -> Path:
    """Writes `figures/*.png` and `report.html`, which holds them.

    Args:
        workdir: Folder that they go to.
        sides: Cells by side, 'real' and 'simulated'.
        record: Contents of `realism.json`.
        channels: Names of the channels, protein first.
        marker: Index of the marker channel, -1 for none.

    Returns:
        Path of the page.
    """
    with style.house_style():
        figures = {
            'cells': _sheet(sides, record, channels, marker),
            'series': _series(sides, channels),
            'differences': _histograms(sides, record['single']),
        }
        pictures = {
            name: html.picture(figure, CAPTIONS[name])
            for name, figure in figures.items()
        }
    return html.write_page(
        workdir,
        'realism.html.j2',
        pictures,
        title=f'Realism of {record["simulated"]["dataset"]}',
        record=record,
        captions=CAPTIONS,
        rows=[_row(name, auc, sides) for name, auc in record['single'].items()],
    )


def _sheet(
    sides: dict[str, Side],
    record: dict[str, Any],
    channels: tuple[str, ...],
    marker: int,
) -> Figure:
    """A pair of rows for each class, real above simulated."""
    classes = record['classes']
    shown = classes if len(classes) <= MANY else classes[:SHOWN]
    names = [f'{name}, {side}' for name in shown for side in sides]
    rows = [len(sides) * side.labels + i for i, side in enumerate(sides.values())]
    images = np.concatenate([side.images for side in sides.values()])
    return example_sheet(images, np.concatenate(rows), names, channels, marker)


def _series(sides: dict[str, Side], channels: tuple[str, ...]) -> Figure:
    figure = style.new_figure(style.WIDTH, 2.6 * len(channels))
    panels = figure.subplots(len(channels), len(SERIES), squeeze=False)
    for row, channel in zip(panels, channels, strict=True):
        for axes, (start, (x, y, step)) in zip(row, SERIES.items(), strict=True):
            for name, side in sides.items():
                values = _matching(side.statistics, start, channel)
                _band(axes, values, step, name)
            axes.set(title=channel, xlabel=x, ylabel=y)
            style.grid(axes)
    panels[0, 0].legend()
    return figure


def _matching(
    statistics: dict[str, np.ndarray], start: str, channel: str
) -> np.ndarray:
    """The statistics of one series and channel, [k, n]."""
    return np.stack(
        [
            values
            for name, values in statistics.items()
            if name.startswith(start + ' ') and name.endswith(' ' + channel)
        ]
    )


def _band(axes: Axes, values: np.ndarray, step: float, side: str) -> None:
    low, middle, high = np.percentile(values, (25, 50, 75), axis=1)
    x = (np.arange(len(values)) + 0.5) * step
    axes.plot(x, middle, color=COLORS[side], label=side)
    axes.fill_between(x, low, high, color=COLORS[side], alpha=0.2, linewidth=0)


def _histograms(sides: dict[str, Side], single: dict[str, float]) -> Figure:
    names = list(single)[:MOST_PANELS]
    rows = -(-len(names) // PANELS_ACROSS)
    figure = style.new_figure(style.WIDTH, 1.9 * rows)
    panels = figure.subplots(rows, PANELS_ACROSS, squeeze=False)
    for axes in panels.flat[len(names) :]:
        axes.set_visible(False)
    for axes, name in zip(panels.flat, names, strict=False):
        pairs = {side: x.statistics[name] for side, x in sides.items()}
        edges = np.histogram_bin_edges(np.concatenate(list(pairs.values())), 24)
        for side, values in pairs.items():
            look = dict(color=COLORS[side], alpha=0.5, label=side)
            axes.hist(values, edges, density=True, **look)
        axes.set_title(f'{name}\nAUC {single[name]:.2f}', fontsize=8)
        axes.set_yticks([])
        axes.locator_params(axis='x', nbins=4)
    panels[0, 0].legend(fontsize=7)
    return figure


def _row(name: str, auc: float, sides: dict[str, Side]) -> dict[str, Any]:
    texts = {
        side: '{1:.3g} ({0:.3g} to {2:.3g})'.format(
            *np.percentile(x.statistics[name], (25, 50, 75))
        )
        for side, x in sides.items()
    }
    return dict(name=name, auc=auc, **texts)
