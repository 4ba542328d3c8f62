"""The table of a user's own screen, one row a cell, as it lies in its file.

Rows are numbered as a spreadsheet shows them: the header is row 1, the first cell
row 2. In a Parquet file, which has no header row, the first cell is row 2 too.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TEXT_COLUMNS = ('cell_id', 'plate', 'well', 'field', 'protein')
KNOWN_COLUMNS = (*TEXT_COLUMNS, 'image', 'index', 'label', 'split', 'x', 'y')


@dataclasses.dataclass(frozen=True)
class CellTable:
    """The cells of a table file, everything still text, '' where empty.

    Attributes:
        path: The file.
        columns: Column names in file order.
        rows: Row number and its values by column.
        misfits: Numbers of the rows with more or fewer values than the header.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]
    misfits: list[int] = dataclasses.field(default_factory=list)

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

    def distinct(self, column: str) -> set[str]:
        """The values in a column, without ''; none where there is no such column."""
        return {values.get(column, '') for _, values in self.rows} - {''}


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
        raise ValueError(f'{path}: a table is a .csv, .tsv or .parquet file.')
    try:
        table = _READERS[path.suffix.lower()](path)
    except UnicodeDecodeError:
        raise ValueError(f'{path} is not UTF-8; save it as "CSV UTF-8".') from None
    except (csv.Error, pa.ArrowException, OSError) as error:
        raise ValueError(f'{path} cannot be read as a table: {error}') from error
    _check_columns(table)
    if not table.rows and not table.misfits:
        raise ValueError(f'{path} has a header but no row below it.')
    return table


def _read_csv(path: Path) -> CellTable:
    text = path.read_text(encoding='utf-8-sig')
    header = text.partition('\n')[0]
    delimiter = max(',;\t', key=header.count)
    lines = csv.reader(io.StringIO(text, newline=''), delimiter=delimiter)
    records = [[value.strip() for value in line] for line in lines] or [[]]
    columns = _without_tail(records[0], 0)
    table = CellTable(path, tuple(columns), [])
    for number, record in enumerate(records[1:], start=2):
        if not any(record):
            continue  # an empty line, as spreadsheets leave at the end
        values = _without_tail(record, len(columns))
        if len(values) == len(columns):
            table.rows.append((number, dict(zip(columns, values, strict=True))))
        else:
            table.misfits.append(number)
    return table


def _without_tail(values: list[str], length: int) -> list[str]:
    """Without the empty values that spreadsheets leave after the last column."""
    while len(values) > length and not values[-1]:
        values = values[:-1]
    return values


def _read_parquet(path: Path) -> CellTable:
    table = pq.read_table(path)
    names = table.column_names
    columns = [[_as_text(value) for value in column.to_pylist()] for column in table]
    records = zip(*columns, strict=True)
    rows = [dict(zip(names, values, strict=True)) for values in records]
    return CellTable(path, tuple(names), list(enumerate(rows, start=2)))


def _as_text(value: Any) -> str:
    if value is None or value != value:  # null, or NaN in a column of numbers
        return ''
    return value.decode() if isinstance(value, bytes) else str(value).strip()


def _check_columns(table: CellTable) -> None:
    path, columns = table.path, table.columns
    twice = [name for name, n in collections.Counter(columns).items() if n > 1]
    if twice:
        raise ValueError(f'{path} has more than one column {", ".join(twice)}.')
    for column in columns:
        plain = column.lower().replace(' ', '_')
        if plain in KNOWN_COLUMNS and column != plain:
            raise ValueError(f'{path}: write the column {column!r} as {plain!r}.')
    if 'image' not in columns and not table.image_channels:
        raise ValueError(
            f'{path} needs a column "image", or one "image_<channel>" a channel; '
            f'it has: {", ".join(columns)}.'
        )


_READERS = {
    '.csv': _read_csv,
    '.tsv': _read_csv,
    '.txt': _read_csv,
    '.parquet': _read_parquet,
    '.pq': _read_parquet,
}
