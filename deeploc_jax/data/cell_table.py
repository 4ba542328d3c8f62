"""The table of a user's own screen: one row a cell, read and checked.

Rows are numbered as a spreadsheet shows them: the header is row 1, the first cell
row 2. In a Parquet file, which has no header row, the first cell is row 2 too.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
import hashlib
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.files import atomic_write

SPLITS = ('train', 'validation', 'test')
TEXT_COLUMNS = ('cell_id', 'plate', 'well', 'field', 'protein')
KNOWN_COLUMNS = (*TEXT_COLUMNS, 'image', 'index', 'label', 'split', 'x', 'y')
HELD_OUT = 0.15
"""Share of the groups in validation, and in test."""
_LISTED = 20  # bad rows named in a message; the file beside the table has them all


@dataclasses.dataclass(frozen=True)
class CellTable:
    """The cells of a table file, everything still text, '' where empty.

    Attributes:
        path: The file.
        columns: Column names in file order.
        rows: Row number and its values by column; None instead of the values where
            a row has more or fewer values than the header.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str] | None]]

    def has(self, column: str) -> bool:
        """Whether the column is there and any row fills it."""
        return column in self.columns and any(
            values is not None and values[column] for _, values in self.rows
        )


@dataclasses.dataclass(frozen=True, slots=True)
class CellRow:
    """One checked row.

    Attributes:
        number: Row number in the table.
        files: One file with all channels, or one a channel in the order asked for.
        index: Which image of a stack, counted from 0; None for a file of one image.
        label: Class name, '' when unlabelled.
        split: One of `SPLITS`.
        group: What is kept together in one split; '' without group_by.
        metadata: `TEXT_COLUMNS` as text, and x, y in pixels (NaN when unknown).
    """

    number: int
    files: tuple[Path, ...]
    index: int | None
    label: str
    split: str
    group: str
    metadata: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: its number, its files, and why."""

    number: int
    file: str
    reason: str


def read_table(path: Path | str) -> CellTable:
    """Reads a CSV (comma, semicolon or tab) or Parquet table.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read, or its columns are not what they must be.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'There is no table {path}.')
    readers = {'.csv': _read_csv, '.tsv': _read_csv, '.txt': _read_csv}
    readers |= {'.parquet': _read_parquet, '.pq': _read_parquet}
    if path.suffix.lower() not in readers:
        raise ValueError(f'{path}: a table is a .csv, .tsv or .parquet file.')
    try:
        columns, rows = readers[path.suffix.lower()](path)
    except UnicodeDecodeError:
        raise ValueError(f'{path} is not UTF-8; save it as "CSV UTF-8".') from None
    except (csv.Error, pa.ArrowException, OSError) as error:
        raise ValueError(f'{path} cannot be read as a table: {error}') from error
    _check_columns(path, columns)
    if not rows:
        raise ValueError(f'{path} has a header but no row below it.')
    return CellTable(path, tuple(columns), rows)


def _read_csv(path: Path) -> tuple[list[str], list[tuple[int, dict | None]]]:
    text = path.read_text(encoding='utf-8-sig')
    header = text.partition('\n')[0]
    delimiter = max(',;\t', key=header.count)
    records = csv.reader(io.StringIO(text, newline=''), delimiter=delimiter)
    columns = _without_tail([name.strip() for name in next(records, [])], 0)
    rows: list[tuple[int, dict | None]] = []
    for number, record in enumerate(records, start=2):
        if not any(value.strip() for value in record):
            continue  # an empty line, as spreadsheets leave at the end
        values = _without_tail([value.strip() for value in record], len(columns))
        fits = len(values) == len(columns)
        rows.append((number, dict(zip(columns, values, strict=True)) if fits else None))
    return columns, rows


def _without_tail(values: list[str], length: int) -> list[str]:
    """Without the empty values that spreadsheets leave after the last column."""
    while len(values) > length and not values[-1]:
        values = values[:-1]
    return values


def _read_parquet(path: Path) -> tuple[list[str], list[tuple[int, dict | None]]]:
    table = pq.read_table(path)
    lists = [[_as_text(value) for value in column.to_pylist()] for column in table]
    columns = table.column_names
    records = zip(*lists, strict=True)
    rows = [dict(zip(columns, values, strict=True)) for values in records]
    return columns, list(enumerate(rows, start=2))


def _as_text(value: Any) -> str:
    if value is None or value != value:  # null, or NaN in a column of numbers
        return ''
    return value.decode() if isinstance(value, bytes) else str(value).strip()


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    twice = [name for name, n in collections.Counter(columns).items() if n > 1]
    if twice:
        raise ValueError(f'{path} has more than one column {", ".join(twice)}.')
    for column in columns:
        plain = column.lower().replace(' ', '_')
        if plain in KNOWN_COLUMNS and column != plain:
            raise ValueError(f'{path}: write the column {column!r} as {plain!r}.')
    if 'image' not in columns and not image_channels(columns):
        raise ValueError(
            f'{path} needs a column "image", or one "image_<channel>" a channel; '
            f'it has: {", ".join(columns)}.'
        )


def image_channels(columns: Iterable[str]) -> list[str]:
    """Channel names of the `image_<channel>` columns; none beside `image`."""
    columns = list(columns)
    if 'image' in columns:
        return []
    return [name[6:] for name in columns if name.startswith('image_') and name[6:]]


def check_rows(
    table: CellTable,
    channels: Sequence[str],
    *,
    group_by: str | None = None,
    classes: Sequence[str] | None = None,
    split_seed: int = 0,
) -> tuple[list[CellRow], list[BadRow]]:
    """Checks all that can be checked without opening an image.

    Args:
        table: From `read_table`.
        channels: Channel names in the order of the screen.
        group_by: Column, or several joined by commas, whose equal values stay in
            one split.
        classes: Class names allowed; None allows any.
        split_seed: Another seed deals the groups out differently.

    Returns:
        The usable rows, each with its split, and the others with the reason.

    Raises:
        ValueError: The table as a whole cannot be used: a channel without a column,
            or no honest way to split it.
    """
    image_columns = _image_columns(table, channels)
    split_of = _splitter(table, group_by, split_seed)
    rows: list[CellRow] = []
    bad: list[BadRow] = []
    seen: dict[str, int] = {}
    for number, values in table.rows:
        if values is None:
            reason = f'has not as many values as the header ({len(table.columns)})'
            bad.append(BadRow(number, '', reason))
            continue
        row, reasons = _check_row(table, number, values, image_columns)
        group = _group(values, group_by)
        row = dataclasses.replace(row, group=group, split=split_of(values, group))
        reasons += _wrong_words(row, group_by, classes)
        first = seen.setdefault(row.metadata['cell_id'], number)
        if first != number:
            cell_id = row.metadata['cell_id']
            reasons.append(f'cell_id {cell_id!r} is already in row {first}')
        if reasons:
            files = ', '.join(values[column] for column in image_columns)
            bad.append(BadRow(number, files, '; '.join(reasons)))
        else:
            rows.append(row)
    return rows, bad


def _image_columns(table: CellTable, channels: Sequence[str]) -> list[str]:
    found = image_channels(table.columns)
    if not found:
        return ['image']
    missing = [name for name in channels if name not in found]
    if missing:
        raise ValueError(
            f'{table.path} has no column image_{missing[0]} for the channel '
            f'{missing[0]!r}; its image columns name: {", ".join(found)}.'
        )
    return [f'image_{name}' for name in channels]


def _check_row(
    table: CellTable, number: int, values: Mapping[str, str], columns: Sequence[str]
) -> tuple[CellRow, list[str]]:
    reasons = [f'no file in {column}' for column in columns if not values[column]]
    numbers = {'index': math.nan, 'x': math.nan, 'y': math.nan}
    for name in numbers:
        try:
            numbers[name] = float(values.get(name) or 'nan')
        except ValueError:
            reasons.append(f'{name} {values[name]!r} is not a number')
        if math.isinf(numbers[name]):
            reasons.append(f'{name} is infinite')
    index = numbers.pop('index')
    if math.isfinite(index) and (index < 0 or index != int(index)):
        reasons.append(f'index {values["index"]!r} is not 0, 1, 2, ...')
    metadata: dict[str, Any] = {name: values.get(name, '') for name in TEXT_COLUMNS}
    image_number = int(index) if math.isfinite(index) else None
    if not metadata['cell_id']:
        suffix = '' if image_number is None else f'#{image_number}'
        metadata['cell_id'] = values[columns[0]] + suffix
    folder = table.path.parent
    row = CellRow(
        number=number,
        files=tuple(folder / values[column] for column in columns),
        index=image_number,
        label=' '.join(values.get('label', '').split()),  # a name is one line
        split='',
        group='',
        metadata=metadata | numbers,
    )
    return row, reasons


def _wrong_words(
    row: CellRow, group_by: str | None, classes: Sequence[str] | None
) -> list[str]:
    reasons = []
    if group_by and not row.group:
        reasons.append(f'no value in {group_by}')
    if row.split not in SPLITS:
        reasons.append(f'split {row.split!r} is none of {", ".join(SPLITS)}')
    if classes and row.label and row.label not in classes:
        reasons.append(f'unknown class {row.label!r}; classes: {", ".join(classes)}')
    return reasons


def _splitter(
    table: CellTable, group_by: str | None, seed: int
) -> Callable[[Mapping[str, str], str], str]:
    """The function (values, group) -> split of this table."""
    absent = [name for name in _names(group_by) if name not in table.columns]
    if absent:
        raise ValueError(
            f'{table.path} has no column {absent[0]!r} to group by; '
            f'it has: {", ".join(table.columns)}.'
        )
    if table.has('split'):
        return lambda values, group: values['split'].lower()
    if group_by:
        found = {_group(values, group_by) for _, values in table.rows if values}
        assigned = assign_splits(found - {''}, seed, f'{table.path}, {group_by}')
        return lambda values, group: assigned.get(group, 'train')
    if table.has('label'):
        raise ValueError(_no_split_message(table))
    return lambda values, group: 'test'


def _names(group_by: str | None) -> list[str]:
    return [name.strip() for name in group_by.split(',')] if group_by else []


def _group(values: Mapping[str, str], group_by: str | None) -> str:
    parts = [values[name] for name in _names(group_by)]
    return '/'.join(parts) if all(parts) else ''


def assign_splits(groups: Iterable[str], seed: int, where: str) -> dict[str, str]:
    """Deals whole groups out to the splits, 70/15/15 of their number.

    The order is that of a hash of seed and name, so it depends neither on the order
    of the table nor on the machine.

    Args:
        groups: Names of the groups.
        seed: Another seed is another deal.
        where: Table and column, for the error.

    Raises:
        ValueError: There are fewer than three groups.
    """
    unique = sorted(set(groups))
    if len(unique) < len(SPLITS):
        raise ValueError(
            f'{where}: {len(unique)} group(s) ({", ".join(unique)}) cannot fill '
            'train, validation and test. Group by a column with at least three '
            'values, or give a column "split".'
        )
    order = sorted(unique, key=lambda name: _hash(f'{seed}\n{name}'))
    held_out = max(1, round(HELD_OUT * len(order)))
    names = ['validation'] * held_out + ['test'] * held_out
    names += ['train'] * (len(order) - len(names))
    return dict(zip(order, names, strict=True))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _no_split_message(table: CellTable) -> str:
    """Why cells are not split at random, and what the table offers instead."""
    offers = []
    for column in table.columns:
        if column.startswith('image') or column in ('index', 'label', 'x', 'y'):
            continue
        found = {values[column] for _, values in table.rows if values} - {''}
        if len(SPLITS) <= len(found) < len(table.rows):
            offers.append(f'{column} ({len(found)} groups)')
    return (
        f'{table.path} has labels, but neither a column "split" nor a group_by. Cells '
        'are never split at random: crops of one field overlap and cells of one well '
        'share focus and stain, so a random test cell has a near twin in training '
        'and the accuracy measured on it is too good. Name a column whose groups '
        f'stay together; this table offers: {", ".join(offers) or "none"}.'
    )


def describe_bad_rows(table: CellTable, bad: Sequence[BadRow]) -> str:
    """Says which rows are bad, and writes all of them beside the table.

    The file is named as the table with `.bad_rows.csv` added.
    """
    bad = sorted(bad, key=lambda row: row.number)
    lines = [f'  row {row.number}: {row.file}: {row.reason}' for row in bad[:_LISTED]]
    if len(bad) > _LISTED:
        lines.append(f'  ... and {len(bad) - _LISTED} more')
    path = bad_rows_path(table.path)
    try:
        atomic_write(path, lambda temporary: _write_bad_rows(temporary, bad))
        lines.append(f'All of them: {path}')
    except OSError as error:
        lines.append(f'The full list could not be written to {path}: {error}')
    head = f'{len(bad)} of {len(table.rows)} rows of {table.path} cannot be used'
    return f'{head} (the header is row 1):\n' + '\n'.join(lines)


def bad_rows_path(table: Path) -> Path:
    """Where the list of bad rows of a table goes."""
    return table.with_name(table.name + '.bad_rows.csv')


def _write_bad_rows(path: Path, bad: Sequence[BadRow]) -> None:
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['row', 'file', 'reason'])
        writer.writerows(dataclasses.astuple(row) for row in bad)
