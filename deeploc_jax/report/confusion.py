"""A confusion matrix is drawn with shares of its rows as color and counts as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from deeploc_jax.metrics import row_fractions
from deeploc_jax.report import selection, style


def confusion_matrix(counts: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Draws counts of cells, rows true and columns predicted, in index order.

    Each row is colored by the shares of its own total, so that a class of 24 cells
    reads like one of 600; a class without cells is hatched rather than white. Of
    hundreds of classes the most confused ones are drawn; numbers of cells and shares
    are still those of the whole rows.

    Args:
        counts: int [k, k], rows the true class.
        class_names: The k names in index order.
    """
    counts = np.asarray(counts, np.int64)
    chosen = selection.confused_classes(counts, selection.SHOWN)
    drawn, totals = np.ix_(chosen, chosen), counts.sum(axis=1)[chosen]
    counts, fractions = counts[drawn], row_fractions(counts)[drawn]
    side = float(np.clip(7.1 / len(counts), 0.16, 0.85))
    figure = style.new_figure(
        min(style.WIDTH, side * len(counts) + 2.9), side * len(counts) + 1.3
    )
    axes = figure.add_subplot()
    image = axes.imshow(fractions, cmap='Blues', vmin=0, vmax=1)
    _write_counts(axes, counts, fractions, size=float(np.clip(side * 17, 3.5, 9)))
    _hatch_empty(axes, totals)
    _name_axes(axes, totals, [style.shorten(class_names[i], 24) for i in chosen])
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30, pad=0.02)
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1])
    bar.set_label('share of the true class')
    bar.outline.set_visible(False)
    return figure


def _write_counts(
    axes: Axes, counts: np.ndarray, fractions: np.ndarray, size: float
) -> None:
    for row, column in np.argwhere(counts > 0):
        dark = fractions[row, column] > 0.5
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha='center',
            va='center',
            fontsize=size if counts[row, column] < 10_000 else 0.8 * size,
            color='white' if dark else style.INK,
        )


def _hatch_empty(axes: Axes, totals: np.ndarray) -> None:
    for row in np.flatnonzero(totals == 0):
        axes.add_patch(
            Rectangle(
                (-0.5, row - 0.5),
                len(totals),
                1,
                facecolor='#f2f3f5',
                edgecolor=style.RULE,
                hatch='////',
                linewidth=0,
            )
        )


def _name_axes(axes: Axes, totals: np.ndarray, names: list[str]) -> None:
    k = len(names)
    size = float(np.clip(160 / k, 5, 8.5))
    rows = [f'{name}  {n:,}' for name, n in zip(names, totals, strict=True)]
    axes.set_yticks(range(k), rows, fontsize=size)
    turned = dict(rotation=45, ha='right', rotation_mode='anchor')
    axes.set_xticks(range(k), names, fontsize=size, **turned)
    axes.set_xlabel('predicted class')
    axes.set_ylabel('true class and its number of cells')
    axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axes.grid(which='minor', color=style.RULE, linewidth=0.5)
    axes.tick_params(which='both', length=0)
    axes.spines[:].set_visible(False)
