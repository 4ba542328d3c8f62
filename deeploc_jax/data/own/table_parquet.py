"""Reads a Parquet table and turns every column into text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.data.own.table_columns import RawTable, known_columns
from deeploc_jax.data.own.table_values import clean_text
from deeploc_jax.names import show_name

PART = 100_000
"""Values of a large table that are read at a time."""
_BYTES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)


def read_parquet(path: Path) -> RawTable:
    """Reads the columns of a Parquet file that can be turned into text.

    Raises:
        ValueError: A column that is used here cannot be turned into text.
    """
    return next(read_parquet_parts(path, None))


def read_parquet_parts(path: Path, values: int | None = PART) -> Iterator[RawTable]:
    """Reads the same part by part, of so many values each; None for all at once."""
    file = pq.ParquetFile(path)
    unusable = {
        field.name: f'it holds values of type {field.type}, not one value in a row'
        for field in file.schema_arrow
        if pa.types.is_nested(field.type)
    }
    flat = [name for name in file.schema_arrow.names if name not in unusable]
    if values is None:
        yield _read(path, file.read(columns=flat), dict(unusable), 2)
        return
    number = 2
    for batch in file.iter_batches(max(1, values // max(1, len(flat))), columns=flat):
        yield _read(path, pa.Table.from_batches([batch]), dict(unusable), number)
        number += len(batch)


def _read(
    path: Path, table: pa.Table, unusable: dict[str, str], number: int
) -> RawTable:
    """The rows of a table, of which the first has this number."""
    names, columns = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            columns.append(_as_text(column.combine_chunks()))
            names.append(clean_text(name))
        except ValueError as error:
            unusable[name] = str(error)
    known = known_columns([*names, *unusable])
    for name in (name for name in unusable if name in known):
        raise ValueError(f'{path}, column {name!r}: {unusable[name]}. Save it as text.')
    rows = [(n, list(row)) for n, row in enumerate(zip(*columns, strict=True), number)]
    return RawTable(names, [row for row in rows if any(row[1])], unusable=unusable)


def _as_text(column: pa.Array) -> list[str]:
    """Every value as Python writes it, '' for nulls and NaN.

    Raises:
        ValueError: A value is not UTF-8.
    """
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_floating(kind):  # float32 as it was typed: 0.1
        values = list(column.to_numpy(zero_copy_only=False))
    elif pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        values = column.cast(pa.string()).to_pylist()  # nanoseconds want pandas
    elif any(is_bytes(kind) for is_bytes in _BYTES):
        values = _decode(column.cast(pa.large_binary()))
    else:
        values = column.to_pylist()
    return ['' if v is None or v != v else str(v).strip() for v in values]


def _decode(column: pa.Array) -> list[str | None]:
    texts: list[str | None] = []
    for row, value in enumerate(column.to_pylist(), start=2):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError:
            shown = show_name(value.decode('latin-1'))
            raise ValueError(f'row {row}: {shown!r} is not UTF-8') from None
    return texts
