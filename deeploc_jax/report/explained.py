"""A figure shows cells beside what speaks for the classes they are called."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deeploc_jax.report import style
from deeploc_jax.report.crop_sheets import composite

TITLES = {
    'integrated_gradients': 'integrated gradients',
    'grad_cam': 'Grad-CAM',
    'brightness': 'brightest pixels',
    'random': 'random order',
}


@dataclasses.dataclass(frozen=True)
class Explained:
    """Cells with their attributions, class by class.

    Attributes:
        images: float32 [n, s, s, c] in [0, 1], protein first.
        classes: Index of the class that each cell is called, [n].
        labels: Index of the class that it is of, [n], -1 where that is not known.
        attributions: By method, float32 [n, s, s, c or 1].
        class_names: In index order.
        channels: Names of the channels.
        marker: Index of the marker among them, -1 for none.
    """

    images: np.ndarray
    classes: np.ndarray
    labels: np.ndarray
    attributions: Mapping[str, np.ndarray]
    class_names: Sequence[str]
    channels: Sequence[str]
    marker: int


def column_titles(explained: Explained, order: Sequence[str]) -> list[str]:
    """Titles of the panels of a cell, in order."""
    shown = ['cell'] if explained.marker >= 0 else []
    shown.append(f'{explained.channels[0]} alone')
    return shown + [TITLES[name] for name in order]


def explained_cells(
    explained: Explained, rows: np.ndarray, order: Sequence[str]
) -> Figure:
    """A row of panels for each cell: views of it, then its attributions."""
    titles = column_titles(explained, order)
    figure = style.new_figure(1.5 * len(titles), 0.3 + 1.5 * len(rows))
    panels = figure.subplots(len(rows), len(titles), squeeze=False)
    for row, line in zip(rows, panels, strict=True):
        pixels = np.round(explained.images[row] * 255).clip(0, 255).astype(np.uint8)
        views = [composite(pixels, -1)]
        if explained.marker >= 0:
            views.insert(0, composite(pixels, explained.marker))
        for axes, view in zip(line, views, strict=False):
            axes.imshow(view, interpolation='nearest')
        for axes, name in zip(line[len(views) :], order, strict=True):
            _heat(axes, pixels[..., 0], explained.attributions[name][row], name)
        label = explained.labels[row]
        if label >= 0 and label != explained.classes[row]:
            line[0].set_ylabel('not right', fontsize=7, color=style.VALIDATION)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title, fontsize=8)
    return figure


def _heat(axes: Axes, gray: np.ndarray, attribution: np.ndarray, name: str) -> None:
    """The attribution, summed over the channels, over a faint picture of the cell."""
    heat = attribution.sum(-1)
    most = float(np.quantile(np.abs(heat), 0.995)) or 1.0
    axes.imshow(255 - gray // 4, cmap='gray', vmin=0, vmax=255)
    if name == 'grad_cam':
        axes.imshow(heat, cmap='inferno', vmin=0, vmax=most, alpha=0.75)
    else:
        strength = np.clip(np.abs(heat) / most, 0, 1)
        axes.imshow(heat, cmap='RdBu_r', vmin=-most, vmax=most, alpha=strength)
