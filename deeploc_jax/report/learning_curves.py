"""How well methods do with few labels and with many: a figure, a table, a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deeploc_jax.report import html, style
from deeploc_jax.report.confusion import confusion_matrix
from deeploc_jax.report.learning_curve_table import (
    METRICS,
    Rows,
    as_text,
    mean_and_spread,
)
from deeploc_jax.report.selection import MANY, SHOWN

MARKERS = 'osD^vPX*<>'
COLOURS = (
    '#0072B2',
    '#D55E00',
    '#009E73',
    '#CC79A7',
    '#E69F00',
    '#56B4E9',
    '#000000',
    '#8a8f99',
)


def size_curves(rows: Rows) -> Figure:
    """A panel a metric, a line a series: means and standard deviations over draws."""
    table = mean_and_spread(rows)
    series = list(dict.fromkeys(row['series'] for row in table))
    several = len({row['cells_per_class'] for row in table}) > 1
    height = 3.6 if several else 1.2 + 0.3 * len(series)
    figure = style.new_figure(style.WIDTH, height)
    panels = figure.subplots(1, len(METRICS), sharey=True)
    for axes, (metric, title) in zip(panels, METRICS.items(), strict=True):
        for number, name in enumerate(series):
            mine = [row for row in table if row['series'] == name]
            look = dict(color=COLOURS[number % len(COLOURS)], label=name)
            look |= dict(marker=MARKERS[number % len(MARKERS)], markersize=4)
            (_line if several else _dot)(axes, number, mine, metric, look)
        style.grid(axes)
        axes.set(title=f'{title} on test')
        if several:
            axes.set(xscale='log', xlabel='labelled cells of each class', ylim=(0, 1))
            ticks = sorted({row['cells_per_class'] for row in table})
            axes.set_xticks(ticks, [str(t) for t in ticks], minor=False)
            axes.set_xticks([], minor=True)
        else:
            axes.set_yticks(range(len(series)), series)
            axes.margins(y=0.15)
    if several:
        figure.legend(*panels[0].get_legend_handles_labels(), loc='outside right upper')
    else:
        panels[0].invert_yaxis()
    return figure


def _line(axes: Axes, number: int, rows: Rows, metric: str, look: dict) -> None:
    del number
    rows = sorted(rows, key=lambda row: row['cells_per_class'])
    means, spreads = zip(*(row[metric] for row in rows), strict=True)
    x = [row['cells_per_class'] for row in rows]
    axes.errorbar(x, means, [s or 0 for s in spreads], capsize=2, linewidth=1.2, **look)


def _dot(axes: Axes, number: int, rows: Rows, metric: str, look: dict) -> None:
    mean, spread = rows[0][metric]
    axes.errorbar(mean, number, xerr=spread or 0, capsize=2, linestyle='', **look)


def confusions(
    rows: Rows, class_names: Sequence[str], sizes: Sequence[int]
) -> dict[str, Figure]:
    """A confusion matrix, summed over the draws, of each series at each size."""
    matrices: dict[str, np.ndarray] = {}
    for row in rows:
        if row['cells_per_class'] in sizes:
            name = f'{row["series"]}, {row["cells_per_class"] or "all"} a class'
            matrices[name] = matrices.get(name, 0) + np.array(row['confusion'])
    return {n: confusion_matrix(counts, class_names) for n, counts in matrices.items()}


def write_sizes_page(
    workdir: Path,
    title: str,
    rows: Rows,
    notes: Mapping[str, str],
    *,
    lead: str = '',
    class_names: Sequence[str] = (),
    confusion_at: Sequence[int] = (),
) -> Path:
    """Writes `figures/*.png` and `report.html`, which holds them and the table.

    Args:
        workdir: Where they go.
        title: Of the page.
        rows: A row a fit.
        notes: What the methods are, in words, by name.
        lead: What to take from it, in words.
        class_names: In index order, where rows have a `confusion` matrix.
        confusion_at: Cells a class at which these matrices are drawn.
    """
    with style.house_style():
        caption = 'Means over the draws; bars are standard deviations over them.'
        pictures = {'sizes': html.picture(size_curves(rows), caption)}
        for name, figure in confusions(rows, class_names, confusion_at).items():
            file = 'confusion_' + name.split(' a class')[0].replace(', ', '_')
            text = f'Confusion matrix of {name}, all draws together.'
            if len(class_names) > MANY:
                text += f' Drawn are the {SHOWN} classes most cells are confused among.'
            pictures[file] = html.picture(figure, text)
    header, lines = as_text(rows)
    return html.write_page(
        workdir,
        'sizes.html.j2',
        pictures,
        title=title,
        lead=lead,
        header=header,
        rows=lines,
        notes=notes,
    )
