"""A section shows which pixels of cells speak for the classes they are called."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deeploc_jax.report import html, style
from deeploc_jax.report.crop_sheets import composite
from deeploc_jax.report.section import Section

TITLES = {
    'integrated_gradients': 'integrated gradients',
    'grad_cam': 'Grad-CAM',
    'brightness': 'brightest pixels',
    'random': 'random order',
}
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
ACROSS = 2
"""Cells beside each other in the figure."""


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
                _cells(explained, np.flatnonzero(explained.classes == k), order),
                f'Cells that are called {explained.class_names[k]}: '
                f'{", ".join(_columns(explained, order))}.',
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
    if chosen['insertion'] <= light['insertion']:
        text += (
            ' But the brightest pixels of the protein carry it as well: trust these '
            'pictures little.'
        )
    return text


def _columns(explained: Explained, order: Sequence[str]) -> list[str]:
    shown = ['cell'] if explained.marker >= 0 else []
    shown.append(f'{explained.channels[0]} alone')
    return shown + [TITLES[name] for name in order]


def _cells(explained: Explained, rows: np.ndarray, order: Sequence[str]) -> Figure:
    """A row of panels for each cell: views of it, then its attributions."""
    titles = _columns(explained, order)
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
