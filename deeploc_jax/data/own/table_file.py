"""Opens a user's table and checks that its columns can be used."""

from __future__ import annotations

import collections
import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.data.own.table_columns import (
    KNOWN_COLUMNS,
    RawTable,
    is_image,
    known_columns,
)
from deeploc_jax.data.own.table_csv import read_csv, read_csv_parts
from deeploc_jax.data.own.table_encoding import HOW_TO_SAVE
from deeploc_jax.data.own.table_parquet import read_parquet, read_parquet_parts
from deeploc_jax.names import show_names


class ColumnError(ValueError):
    """A column of a table is missing, misspelled or doubled; its rows can be read."""


def read_table(path: Path | str) -> CellTable:
    """Reads a CSV (comma, semicolon or tab) or Parquet table.

    Raises:
        FileNotFoundError: The file does not exist.
        ColumnError: A column is missing, misspelled or doubled.
        ValueError: It cannot be read, or has no rows.
    """
    path = Path(path)
    raw = _read_raw(path)
    _check_columns(path, raw)
    return _make_table(path, raw)


def read_any_table(path: Path | str) -> CellTable:
    """Reads a table of something else than images, whatever its columns are called.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It cannot be read, or has no rows.
    """
    return _make_table(Path(path), _read_raw(Path(path)))


def read_any_table_parts(path: Path | str) -> Iterator[CellTable]:
    """Reads such a table part by part, one of millions of rows in little memory.

    A column is tidied in each part by itself.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It cannot be read, or has no rows.
    """
    path = Path(path)
    _check_file(path)
    with _explained(path):
        for number, raw in enumerate(PART_READERS[path.suffix.lower()](path)):
            if raw.rows or not number:
                yield _make_table(path, raw)


def _read_raw(path: Path) -> RawTable:
    _check_file(path)
    with _explained(path):
        return READERS[path.suffix.lower()](path)


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(f'There is no table {path}.')
    if path.suffix.lower() not in READERS:
        raise ValueError(
            f'{path} is no table: tables are .csv, .tsv, .txt or .parquet files. '
            f'{HOW_TO_SAVE}.'
        )


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Says which table it is that cannot be read."""
    try:
        yield
    except (csv.Error, pa.ArrowException, OSError) as error:
        raise ValueError(f'{path} cannot be read as a table: {error}') from error


def _make_table(path: Path, raw: RawTable) -> CellTable:
    """Keeps the rows that fit the header, and their columns with a unique name."""
    if not raw.rows:
        raise ValueError(f'{path} has a header but no rows below it.')
    width, twice = len(raw.names), _doubled(raw)
    kept = [n for n, name in enumerate(raw.names) if name and name not in twice]
    rows = [
        (number, {raw.names[n]: values[n] for n in kept})
        for number, values in raw.rows
        if len(values) == width
    ]
    misfits = [
        (number, f'has {len(values)} values, not as many as the header ({width})')
        for number, values in raw.rows
        if len(values) != width
    ]
    columns = tuple(raw.names[n] for n in kept)
    unusable = dict.fromkeys(twice, 'more than one column has this name')
    table = CellTable(
        path, columns, rows, misfits, raw.header, raw.unusable | unusable, []
    )
    table.tidy(known_columns(columns), raw.delimiter)
    return table


def _doubled(raw: RawTable) -> list[str]:
    counts = collections.Counter(filter(None, raw.names))
    return [name for name, count in counts.items() if count > 1]


def _check_columns(path: Path, raw: RawTable) -> None:
    known = known_columns(raw.names)
    for name in (name for name in _doubled(raw) if name in known):
        raise ColumnError(f'{path} has more than one column {name!r}.')
    for column in raw.names:
        plain = column.lower().replace(' ', '_')
        if plain in KNOWN_COLUMNS and column != plain:
            raise ColumnError(f'{path}: write the column {column!r} as {plain!r}.')
    if not any(name == 'image' or name[6:] for name in filter(is_image, raw.names)):
        columns = show_names(filter(None, raw.names))
        raise ColumnError(
            f'{path} needs a column "image", or a column "image_<channel>" for each '
            f'channel; it has: {columns or "none"}.'
        )


READERS = {
    '.csv': read_csv,
    '.tsv': read_csv,
    '.txt': read_csv,
    '.parquet': read_parquet,
    '.pq': read_parquet,
}
"""Readers by suffix."""
PART_READERS = {
    suffix: read_csv_parts if reader is read_csv else read_parquet_parts
    for suffix, reader in READERS.items()
}
"""Readers that read part by part, by suffix."""
