"""Curves of an evaluation show precision against recall, and reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from deeploc_jax.precision_recall import precision_recall_curve
from deeploc_jax.report import style
from deeploc_jax.report.selection import worst_classes
from deeploc_jax.report.wording import count


def precision_recall(
    probabilities: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
    average_precision: Sequence[float | None],
) -> Figure:
    """Draws precision against recall, one panel per class in index order.

    Of hundreds of classes those with the smallest areas are drawn, the smallest first.

    Args:
        probabilities: float [n, k] of the labelled cells.
        labels: int [n] in 0..k-1.
        class_names: The k names in index order.
        average_precision: The k areas, written into the panels; None where a class
            has no cells.
    """
    chosen = worst_classes(average_precision).tolist()
    k = len(chosen)
    across = min(k, 5)
    rows = -(-k // across)
    width = style.WIDTH if across > 2 else 3.2 * across
    figure = style.new_figure(width, rows * (2.0 if across > 2 else 2.9) + 0.3)
    panels = figure.subplots(rows, across, sharex=True, sharey=True, squeeze=False)
    for panel, axes in enumerate(panels.flat):
        if panel >= k:
            axes.set_axis_off()
            continue
        index = chosen[panel]
        style.grid(axes)
        cells = int((labels == index).sum())
        if cells:
            _plot_class(axes, probabilities, labels, index)
        _name_panel(axes, class_names[index], average_precision[index], cells)
    panels[0, 0].set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04))
    panels[0, 0].set(xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    # The last row may be short: the panels above its gaps carry the numbers then.
    for axes in panels.flat[max(0, k - across) : k]:
        axes.tick_params(labelbottom=True)
    figure.supxlabel('recall', fontsize=9)
    figure.supylabel('precision', fontsize=9)
    return figure


def reliability(
    curve: Mapping[str, Sequence[float | None]], error: float | None
) -> Figure:
    """Draws accuracy against confidence in bins, above a histogram of the confidence.

    Args:
        curve: `edges` [b + 1], `confidence` [b], `accuracy` [b], `count` [b]; None
            in bins without cells.
        error: Expected calibration error, written into the picture; None for none.
    """
    edges = np.asarray(curve['edges'], np.float64)
    cells = np.asarray(curve['count'], np.float64)
    confidence, accuracy = (
        np.array(curve[key], np.float64)[cells > 0]
        for key in ('confidence', 'accuracy')
    )
    figure = style.new_figure(5.6, 5.4)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    top.plot([0, 1], [0, 1], color=style.FAINT, ls='--', lw=1, label='calibrated')
    top.vlines(
        confidence, confidence, accuracy, color=style.VALIDATION, lw=2, alpha=0.5
    )
    top.plot(confidence, accuracy, 'o-', color=style.TRAIN, ms=4.5, label='observed')
    top.set(ylabel='share of cells called right', ylim=(-0.02, 1.02))
    top.legend(loc='upper left')
    if error is not None:
        text = f'expected calibration error {error:.3f}'
        top.set_title(text, loc='left', fontweight='normal', fontsize=9)
    bottom.bar(edges[:-1], cells, np.diff(edges), align='edge', color=style.TRAIN)
    bottom.set(xlabel='confidence (probability of the called class)', ylabel='cells')
    bottom.set_xlim(-0.02, 1.02)
    bottom.yaxis.set_major_locator(MaxNLocator(4, integer=True))  # cells are whole
    bottom.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f'{y:,.0f}'))
    for axes in (top, bottom):
        style.grid(axes)
    return figure


def _plot_class(
    axes: Axes, probabilities: np.ndarray, labels: np.ndarray, index: int
) -> None:
    """Draws the curve as steps, and a dotted line at the precision of chance."""
    precision, recall, _ = precision_recall_curve(probabilities, labels, index)
    axes.axhline(np.mean(labels == index), color=style.FAINT, ls=':', lw=1)
    axes.step(recall, precision, where='post', color=style.TRAIN, lw=1.3)


def _name_panel(axes: Axes, name: str, area: float | None, cells: int) -> None:
    """Writes the class above its panel, with area and number of cells below."""
    size = 8.5 if len(name) <= 16 else 7.5
    axes.set_title(style.shorten(name, 22), loc='left', fontsize=size, pad=15)
    words = 'no cells' if area is None else f'AP {area:.3f}, {count(cells, "cell")}'
    axes.annotate(
        words,
        (0, 1),
        xytext=(0, 5),
        xycoords='axes fraction',
        textcoords='offset points',
        fontsize=7.5,
        color=style.INK,
    )
