"""A page says how far a screen is from the training, and what the adaptation did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from deeploc_jax.report import html, style

NOTES = {
    'share': 'Share of the statistics of the new screen in those of batch norm.',
    'information': 'How much better the other cells of its protein foretell the class '
    'of a cell than all others do, in nats; the mean over the proteins.',
    'gain': 'Over the network as it was, with its standard error over the proteins. A '
    'share is taken if its gain is the largest and more than twice its error.',
    'agreement': "Share of a protein's cells that have its most frequent class.",
    'changed': 'Share of the cells that are called otherwise than before.',
    'flagged': 'Share of the cells unlike those of the training.',
    'accuracy': "Of cells with a label among the network's classes. Nothing is chosen "
    'by it.',
}
MOST = 20
"""Classes in the figure, at most: those that most cells are called."""


def write_adaptation(
    workdir: Path,
    rows: Sequence[dict[str, Any]],
    before: np.ndarray,
    after: np.ndarray,
    class_names: Sequence[str],
    record: dict[str, Any],
) -> Path:
    """Writes `figures/*.png` and `report.html`, which holds them and the table.

    Args:
        workdir: Folder that they are written to.
        rows: Rows of `tables.ADAPTATION`.
        before: Index of the class of each cell by the network as it was, [n].
        after: The same by the adapted one.
        class_names: In index order.
        record: Contents of `run.json`.

    Returns:
        The path of the page.
    """
    header, *lines = as_text(rows)
    with style.house_style():
        pictures = {
            'information': html.picture(
                _curve(rows),
                'Information of the names of cells about their proteins, by the share '
                'of the new statistics; bars are standard errors of the gain.',
            ),
            'classes': html.picture(
                _classes(before, after, class_names),
                'Share of the cells that are called each class, before and after.',
            ),
        }
    return html.write_page(
        workdir,
        'sizes.html.j2',
        pictures,
        title=f'Adaptation to {record["dataset"]}',
        lead=in_words(rows, record),
        header=header,
        rows=lines,
        notes=NOTES,
        simulated=record['simulated'],
    )


def in_words(rows: Sequence[dict[str, Any]], record: dict[str, Any]) -> str:
    """How much the screen differs, what was done and what it changed."""
    layer, most = max(record['shifts'].items(), key=lambda pair: pair[1])
    first = next(iter(record['shifts'].values()))
    before, after = rows[0], next(row for row in rows if row['chosen'])
    text = (
        f'{before["cells"]:,} cells of {before["groups"]:,} {record["group_by"]}s. '
        f'The means of the first layer are {first:.2f} '
        f'standard deviations from those of the training, at most {most:.2f} ({layer}).'
    )
    if after is before:
        return (
            f'{text} The network was left as it is: no share of the new statistics '
            'made the names of cells tell more about their proteins, for sure.'
        )
    text += (
        f' With {after["share"]:.0%} of the new statistics, {after["changed"]:.0%} of '
        f'the cells are called otherwise; the names tell {after["information"]:.2f} '
        f'instead of {before["information"]:.2f} nats about the protein, and of the '
        f'cells of a protein {after["agreement"]:.2f} instead of '
        f'{before["agreement"]:.2f} agree.'
    )
    if before['flagged'] is not None:
        text += (
            f' {after["flagged"]:.0%} instead of {before["flagged"]:.0%} of the cells '
            'are flagged as unlike those of the training.'
        )
    return text


def as_text(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The table as text, its header first; a column without a value is left out."""
    names = ('information', 'gain', 'agreement', 'changed', 'flagged', 'accuracy')
    shown = [name for name in names if rows[0][name] is not None]
    lines = [['share', *shown]]
    for row in rows:
        texts = {name: f'{row[name]:.3f}' for name in shown}
        if row['gain_error'] is not None:
            texts['gain'] += f' ± {row["gain_error"]:.3f}'
        mark = ' (chosen)' if row['chosen'] else ''
        lines.append([f'{row["share"]:.2f}{mark}', *texts.values()])
    return lines


def _curve(rows: Sequence[dict[str, Any]]) -> Figure:
    figure = style.new_figure(style.WIDTH / 2, 2.8)
    axes = figure.subplots()
    x, y = ([row[name] for row in rows] for name in ('share', 'information'))
    errors = [row['gain_error'] or 0 for row in rows]
    axes.errorbar(x, y, errors, marker='o', capsize=2, color=style.TRAIN)
    chosen = next(row for row in rows if row['chosen'])
    place = chosen['share'], chosen['information']
    axes.plot(*place, 'o', color=style.VALIDATION, zorder=3)
    left = chosen['share'] > 0.5
    axes.annotate(
        'chosen',
        place,
        xytext=(-7 if left else 7, -12),
        textcoords='offset points',
        ha='right' if left else 'left',
    )
    axes.set(xlabel='share of the new statistics', ylabel='information, nats')
    style.grid(axes)
    return figure


def _classes(
    before: np.ndarray, after: np.ndarray, class_names: Sequence[str]
) -> Figure:
    count = len(class_names)
    shares = [
        np.bincount(called, minlength=count) / len(called) for called in (before, after)
    ]
    order = np.argsort(-np.maximum(*shares), kind='stable')[:MOST][::-1]
    figure = style.new_figure(style.WIDTH, 0.8 + 0.28 * len(order))
    axes, place = figure.subplots(), np.arange(len(order))
    for values, offset, name, color in zip(
        shares,
        (0.2, -0.2),
        ('before', 'after'),
        (style.TRAIN, style.VALIDATION),
        strict=True,
    ):
        axes.barh(place + offset, values[order], 0.38, label=name, color=color)
    axes.set_yticks(place, [class_names[i] for i in order])
    axes.set(xlabel='share of the cells')
    axes.legend(loc='lower right')
    style.grid(axes)
    return figure
