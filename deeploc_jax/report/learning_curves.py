"""A page about how well methods do with few labels and with many."""

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
    Table,
    as_text,
    mean_and_spread,
    size_name,
)
from deeploc_jax.report.selection import MANY, SHOWN

MARKERS = 'osD^vPX*<>'
COLORS = (
    '#0072B2',
    '#D55E00',
    '#009E73',
    '#CC79A7',
    '#E69F00',
    '#56B4E9',
    '#000000',
    '#8a8f99',
)
CAPTION = 'Means over the draws; bars are standard deviations over them.'


def size_curves(table: Table) -> Figure:
    """A panel for each metric with a line for each series: mean ± standard deviation.

    With one size only, a dot takes the place of each line. A series without training
    cells is a level line.
    """
    series = list(dict.fromkeys(row['series'] for row in table))
    ticks = sorted({size for row in table if (size := row['cells_per_class']) != 0})
    several = len(ticks) > 1
    height = 3.6 if several else 1.2 + 0.3 * len(series)
    figure = style.new_figure(style.WIDTH, height)
    panels = figure.subplots(1, len(METRICS), sharey=True)
    for axes, (metric, title) in zip(panels, METRICS.items(), strict=True):
        for number, name in enumerate(series):
            mine = [row for row in table if row['series'] == name]
            look = dict(color=COLORS[number % len(COLORS)], label=name)
            look |= dict(marker=MARKERS[number % len(MARKERS)], markersize=4)
            (_line if several else _dot)(axes, number, mine, metric, look)
        style.grid(axes)
        axes.set(title=f'{title} on test')
        if several:
            axes.set(xscale='log', xlabel='labelled cells of each class', ylim=(0, 1))
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
    if x == [0]:
        level = dict(color=look['color'], label=look['label'])
        axes.axhline(means[0], linestyle='--', linewidth=1.2, **level)
        return
    axes.errorbar(x, means, [s or 0 for s in spreads], capsize=2, linewidth=1.2, **look)


def _dot(axes: Axes, number: int, rows: Rows, metric: str, look: dict) -> None:
    mean, spread = rows[0][metric]
    axes.errorbar(mean, number, xerr=spread or 0, capsize=2, linestyle='', **look)


def confusions(
    rows: Rows, class_names: Sequence[str], sizes: Sequence[int | None]
) -> dict[str, tuple[Figure, str]]:
    """Confusion matrices of each series at these sizes, summed over the draws.

    Returns:
        Figure and caption, by the name of the file.
    """
    shown = ''
    if len(class_names) > MANY:
        shown = f' It shows the {SHOWN} classes that most cells are confused among.'
    matrices: dict[tuple[str, str], np.ndarray] = {}
    for row in rows:
        if row['cells_per_class'] in (0, *sizes):
            key = row['series'], size_name(row['cells_per_class'])
            matrices[key] = matrices.get(key, 0) + np.array(row['confusion'])
    return {
        f'confusion_{series}_{size}': (
            confusion_matrix(counts, class_names),
            f'Confusion matrix of {series}, {size} a class, summed over the draws.'
            + shown,
        )
        for (series, size), counts in matrices.items()
    }


def write_learning_curves(
    workdir: Path,
    title: str,
    rows: Rows,
    notes: Mapping[str, str],
    *,
    lead: str = '',
    class_names: Sequence[str] = (),
    confusion_at: Sequence[int | None] = (),
) -> Path:
    """Writes `figures/*.png` and `report.html`, which holds them and the table.

    Args:
        workdir: Folder that they are written to.
        title: Title of the page.
        rows: A row for each fit.
        notes: What each method is, in words, by name.
        lead: First paragraph of the page.
        class_names: In index order, where rows have a `confusion` matrix.
        confusion_at: Cells of each class at which these matrices are drawn.

    Returns:
        The path of the page.
    """
    table = mean_and_spread(rows)
    header, lines = as_text(table)
    with style.house_style():
        figures = {'sizes': (size_curves(table), CAPTION)}
        figures |= confusions(rows, class_names, confusion_at)
        pictures = {name: html.picture(*made) for name, made in figures.items()}
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
