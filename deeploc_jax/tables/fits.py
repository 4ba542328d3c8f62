"""Tables of fits, written and read: transfers, and probes on frozen features."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from deeploc_jax.tables.fit_schemas import PROBES, TRANSFERS
from deeploc_jax.tables.parquet import class_metadata, open_table
from deeploc_jax.tables.schema import TEXT, rows_to_table


def transfers_table(
    rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]
) -> pa.Table:
    """One row per fit; `confusion` is int [k, k] in the order of the k class names."""
    schema = TRANSFERS.arrow(about=class_metadata(class_names))
    return rows_to_table(rows, schema)


def probes_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One row per fit; `recall` is by class name."""
    listed = [dict(row, recall=_recall_list(row['recall'])) for row in rows]
    return rows_to_table(listed, PROBES.arrow())


def read_fits(path: Path | str) -> pa.Table:
    """Reads transfer.parquet or probe.parquet.

    Earlier versions wrote lists as JSON text, and 0 cells of each class for all: they
    are read as lists and as null.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no table of fits.
    """
    schema = PROBES if Path(path).name == PROBES.path else TRANSFERS
    table = open_table(path, schema)
    for field in schema.arrow():
        if field.name in table.column_names:
            column = _renewed(table, field, path)
            index = table.column_names.index(field.name)
            table = table.set_column(index, field.name, column)
    return schema.check(table, path)


def _renewed(table: pa.Table, field: pa.Field, path: Path | str) -> Any:
    """A column as this version writes it."""
    column = table[field.name]
    if field.name == 'cells_per_class':
        known = 'mode' in table.column_names
        modes = table['mode'].to_pylist() if known else [''] * len(table)
        sizes = [
            size if size or mode == 'as_is' else None  # which learns from no cell
            for size, mode in zip(column.to_pylist(), modes, strict=True)
        ]
        return pa.array(sizes, field.type)
    if not (pa.types.is_list(field.type) and column.type == TEXT):
        return column
    try:
        values = [json.loads(text) for text in column.to_pylist()]
    except ValueError as error:
        raise ValueError(f'{path}, {field.name} is not valid JSON: {error}') from None
    lists = [_recall_list(v) if isinstance(v, dict) else v for v in values]
    return pa.array(lists, field.type)


def _recall_list(recall: Mapping[str, float]) -> list[dict[str, Any]]:
    return [dict(class_name=name, recall=value) for name, value in recall.items()]
