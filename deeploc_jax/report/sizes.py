"""How well methods do with few labels and with many: a figure, a table, a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deeploc_jax.report import html, style

METRICS = {'accuracy': 'accuracy', 'balanced_accuracy': 'balanced accuracy'}
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

Rows = Sequence[Mapping[str, Any]]
"""Of each fit: `series`, `cells_per_class` (0: all), `n_train`, `n_test`, metrics."""


def mean_and_spread(rows: Rows) -> list[dict[str, Any]]:
    """A row for each series and size: mean and standard deviation over the draws."""
    groups: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row['series'], row['cells_per_class']), []).append(row)
    return [
        dict(
            series=series,
            cells_per_class=size,
            n_train=members[0]['n_train'],
            n_test=members[0]['n_test'],
            draws=len(members),
            **{m: _spread([row[m] for row in members]) for m in METRICS},
        )
        for (series, size), members in groups.items()
    ]


def _spread(values: list[float]) -> tuple[float, float | None]:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return float(np.mean(values)), spread


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


def cells(row: Mapping[str, Any]) -> list[str]:
    """A row of the table as text."""
    size = row['cells_per_class']

    def text(metric: str) -> str:
        mean, spread = row[metric]
        return f'{mean:.3f}' + (f' ± {spread:.3f}' if spread is not None else '')

    return [
        row['series'],
        str(size) if size else 'all',
        f'{row["n_train"]:,}',
        f'{row["n_test"]:,}',
        str(row['draws']),
        *map(text, METRICS),
    ]


HEADER = ['method', 'cells a class', 'cells', 'test cells', 'draws', *METRICS.values()]


def in_markdown(rows: Rows) -> str:
    """The table in Markdown."""
    lines = [HEADER, ['---'] * len(HEADER), *map(cells, mean_and_spread(rows))]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def write_sizes_page(
    workdir: Path, title: str, rows: Rows, notes: Mapping[str, str]
) -> Path:
    """Writes `figures/sizes.png` and `report.html`, which holds it and the table.

    Args:
        workdir: Where they go.
        title: Of the page.
        rows: A row a fit.
        notes: What the methods are, in words, by name.
    """
    with style.house_style():
        picture = html.picture(size_curves(rows), title)
    html.write_bytes(workdir / 'figures' / 'sizes.png', picture.png)
    page = html.render(
        'sizes.html.j2',
        title=title,
        picture=picture,
        header=HEADER,
        rows=[cells(row) for row in mean_and_spread(rows)],
        notes=notes,
    )
    return html.write_bytes(workdir / 'report.html', page.encode())
