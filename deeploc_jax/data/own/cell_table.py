"""The table of a user's own screen, one row a cell, as it lies in its file.

Rows are numbered as a spreadsheet shows them: the header is row 1, the first cell
row 2. In a Parquet file, which has no header row, the first cell is row 2 too.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from deeploc_jax.data.own.table_columns import (
    KNOWN_COLUMNS,
    RawTable,
    is_image,
    known_columns,
)
from deeploc_jax.data.own.table_csv import read_csv
from deeploc_jax.data.own.table_encoding import HOW_TO_SAVE
from deeploc_jax.data.own.table_parquet import read_parquet
from deeploc_jax.data.own.table_values import tidy_column
from deeploc_jax.names import show_names


@dataclasses.dataclass(frozen=True)
class CellTable:
    """The cells of a table file, everything still text, '' where empty.

    Attributes:
        path: The file.
        columns: Column names in file order.
        rows: Row number and its values by column.
        misfits: Number of every row that has not as many values as the header, and
            what is wrong with it.
        header: Row number of the header.
        unusable: Why a column cannot be used, by name; nothing else of it is known.
        notes: What is taken otherwise than it is written.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]
    misfits: list[tuple[int, str]]
    header: int
    unusable: dict[str, str]
    notes: list[str]

    @property
    def image_channels(self) -> list[str]:
        """Channel names of the `image_<channel>` columns; none beside `image`."""
        if 'image' in self.columns:
            return []
        names = [name for name in self.columns if name.startswith('image_')]
        return [name[6:] for name in names if name[6:]]

    def has(self, column: str) -> bool:
        """Whether the column is there and any row fills it."""
        return bool(self.distinct(column))

    def values(self, column: str) -> list[str]:
        """The values of a column, a row each."""
        return [values[column] for _, values in self.rows]

    def distinct(self, column: str) -> set[str]:
        """The values in a column, without ''; none where there is no such column."""
        return {values.get(column, '') for _, values in self.rows} - {''}

    def tidy(self, columns: Iterable[str], delimiter: str = ',') -> None:
        """Makes the values of columns what was meant, with notes of what was not so."""
        for column in columns:
            tidy, notes = tidy_column(column, self.values(column), delimiter)
            self.notes.extend(notes)
            for (_, values), value in zip(self.rows, tidy, strict=True):
                values[column] = value


def read_table(path: Path | str) -> CellTable:
    """Reads a CSV (comma, semicolon or tab) or Parquet table.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read, or its columns are not what they must be.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'There is no table {path}.')
    if path.suffix.lower() not in _READERS:
        raise ValueError(
            f'{path}: a table is a .csv, .tsv, .txt or .parquet file. {HOW_TO_SAVE}.'
        )
    try:
        raw = _READERS[path.suffix.lower()](path)
    except (csv.Error, pa.ArrowException, OSError) as error:
        raise ValueError(f'{path} cannot be read as a table: {error}') from error
    _check_columns(path, raw)
    if not raw.rows:
        raise ValueError(f'{path} has a header but no row below it.')
    return _make_table(path, raw)


def _make_table(path: Path, raw: RawTable) -> CellTable:
    """The rows that fit the header, and of each the columns that one can name."""
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
        raise ValueError(f'{path} has more than one column {name}.')
    for column in raw.names:
        plain = column.lower().replace(' ', '_')
        if plain in KNOWN_COLUMNS and column != plain:
            raise ValueError(f'{path}: write the column {column!r} as {plain!r}.')
    if not any(name == 'image' or name[6:] for name in filter(is_image, raw.names)):
        found = show_names(filter(None, raw.names))
        raise ValueError(
            f'{path} needs a column "image", or one "image_<channel>" a channel; '
            f'it has: {found or "none"}.'
        )


_READERS = {
    '.csv': read_csv,
    '.tsv': read_csv,
    '.txt': read_csv,
    '.parquet': read_parquet,
    '.pq': read_parquet,
}
