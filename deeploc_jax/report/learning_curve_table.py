"""A table of how well methods do with few labels and with many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeploc_jax.markdown import markdown_table

METRICS = {'accuracy': 'accuracy', 'balanced_accuracy': 'balanced accuracy'}
COLUMNS = METRICS | {'ece': 'calibration error', 'unseen': 'validation, new groups'}

Rows = Sequence[Mapping[str, Any]]
"""A row for each fit: `series` (the method), `cells_per_class` (None for all cells,
0 for none), `n_train`, `n_test` and the metrics."""
Table = list[dict[str, Any]]
"""A row for each series and size, see `mean_and_spread`."""


def mean_and_spread(rows: Rows) -> Table:
    """Mean and standard deviation over the draws of each series and size.

    Returns:
        A row for each series and size. A column of `COLUMNS` is the pair (mean,
        standard deviation); (None, None) where the series does not have it.
    """
    groups: dict[tuple[str, int | None], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row['series'], row['cells_per_class']), []).append(row)
    return [
        dict(
            series=series,
            cells_per_class=size,
            n_train=members[0]['n_train'],
            n_test=members[0]['n_test'],
            draws=len(members),
            **{c: _spread([row.get(c) for row in members]) for c in COLUMNS},
        )
        for (series, size), members in groups.items()
    ]


def _spread(values: list[Any]) -> tuple[float | None, float | None]:
    if None in values:
        return None, None
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return float(np.mean(values)), spread


def as_text(table: Table) -> tuple[list[str], list[list[str]]]:
    """Header and lines of the table, without the columns that no series has."""
    columns = [c for c in COLUMNS if any(row[c][0] is not None for row in table)]
    header = ['method', 'cells a class', 'cells', 'test cells', 'draws']
    lines = [
        [
            row['series'],
            size_name(row['cells_per_class']),
            f'{row["n_train"]:,}',
            f'{row["n_test"]:,}',
            str(row['draws']),
            *(_number(*row[column]) for column in columns),
        ]
        for row in table
    ]
    return [*header, *(COLUMNS[column] for column in columns)], lines


def size_name(cells_per_class: int | None) -> str:
    """Cells of each class as text: `25`, `all`."""
    return 'all' if cells_per_class is None else str(cells_per_class)


def in_markdown(table: Table) -> str:
    """The table in Markdown."""
    return markdown_table(*as_text(table))


def _number(mean: float | None, spread: float | None) -> str:
    if mean is None:
        return ''
    return f'{mean:.3f}' + (f' ± {spread:.3f}' if spread is not None else '')
