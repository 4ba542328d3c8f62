"""Tables as text: the quotes, delimiters and encodings of spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from deeploc_jax.data.own.table_columns import RawTable, is_image, known_columns
from deeploc_jax.data.own.table_encoding import check_characters, decode_table
from deeploc_jax.data.own.table_values import clean_text
from deeploc_jax.names import show_name

_DELIMITERS = ',;\t'
_STATED = re.compile(r'"?sep=([,;\t|])"?\1*(\r\n|\r|\n)', re.IGNORECASE)
_IMAGE = re.compile(r'.*\.[A-Za-z]\w{1,5}')  # the name of a file
_LINE_BREAK = re.compile(r'\r\n|\r|\n')


def read_csv(path: Path) -> RawTable:
    """Reads comma, semicolon or tab separated text.

    Empty lines and comments (`# ...`) above the column names are skipped, as is a
    first line `sep=;`, which spreadsheets do not count as a row either.

    Raises:
        ValueError: A quote is not closed, or characters cannot be read.
    """
    text, delimiter = _take_delimiter(decode_table(path))
    text = re.sub(rf'" +(?=[{re.escape(delimiter)}\r\n]|$)', '"', text)  # typed by hand
    header, names, rows = 1, [], []
    for number, record in _parse(path, text, delimiter, names):
        if not any(record):
            continue  # an empty line, as spreadsheets leave at the end
        if names:
            _check_line_breaks(path, number, names, record, delimiter)
            rows.append((number, _fit(record, names)))
        elif not record[0].startswith('#'):
            header = number
            names += _header_names(path, number, record, delimiter)
    check_characters(path, text, names, [(header, names), *rows])
    return RawTable(names, rows, header, delimiter)


def _take_delimiter(text: str) -> tuple[str, str]:
    """The text without a line `sep=;`, and the delimiter that it states or shows."""
    if stated := _STATED.match(text):
        return text[stated.end() :], stated[1]
    for line in io.StringIO(text, newline=''):
        if line.strip(f' "\r\n{_DELIMITERS}') and not line.startswith('#'):
            header = re.sub(r'"[^"]*"', '', line)
            return text, max(_DELIMITERS, key=lambda mark: _count(header, mark))
    return text, ','


def _count(header: str, delimiter: str) -> tuple[bool, int]:
    """Whether it separates an image column from the others, and how often it occurs."""
    names = [name.strip() for name in header.split(delimiter)]
    whole = (name for name in names if not set(name) & set(_DELIMITERS))
    return any(is_image(name) for name in whole), len(names)


def _parse(
    path: Path, text: str, delimiter: str, names: list[str]
) -> Iterator[tuple[int, list[str]]]:
    """Row number and stripped values of every record; `names` as far as known yet."""
    lines = io.StringIO(text, newline='')
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    number, start = 1, 0
    try:
        for record in reader:
            yield number, [value.strip() for value in record] or ['']
            number, start = number + 1, lines.tell()
    except csv.Error as error:
        column, reason = _find_fault(text[start:], delimiter)
        if not reason and 'field limit' in str(error):
            longest = f'{csv.field_size_limit():,} characters'
            raise ValueError(
                f'{path}, row {number}: a value is longer than {longest}.'
            ) from None
        if not reason:
            raise ValueError(f'{path}, row {number}: {error}') from error
        raise _quote_error(path, number, names, column, reason) from None


def _find_fault(record: str, delimiter: str) -> tuple[int, str]:
    """Column of the first value whose quote is wrong, and what is wrong with it."""
    end = re.escape(delimiter)
    quoted, plain = r' *"(?:[^"]++|"")*+"', rf'(?! *")[^{end}\r\n]*'
    value = re.compile(rf'(?:{quoted}|{plain}){end}')
    column = position = 0
    while match := value.match(record, position):
        column, position = column + 1, match.end()
    first = show_name(
        re.split(rf'{end}|\r|\n', record[position:].lstrip(' '), maxsplit=1)[0]
    )
    closed = re.compile(quoted).match(record, position)
    if closed and re.compile(r' *(?:[\r\n]|\Z)').match(record, closed.end()):
        return column, ''
    if closed and not _LINE_BREAK.search(closed[0]):
        return column, f'there is text after the closing quote in {first}'
    opened = record[position:].lstrip(' ').startswith('"')
    return column, f'the quote is not closed in {first}' if opened else ''


def _header_names(
    path: Path, number: int, record: list[str], delimiter: str
) -> list[str]:
    """Column names, each on one line."""
    for column, name in enumerate(record):
        if _LINE_BREAK.search(name) and delimiter in name:
            reason = 'a quote closes only some lines below, and holds other columns'
            raise _quote_error(path, number, [], column, reason)
    return [clean_text(name) for name in record]


def _check_line_breaks(
    path: Path, number: int, names: list[str], record: list[str], delimiter: str
) -> None:
    """Refuses a quoted value that has swallowed the rows below.

    A value with line breaks may be a comment. No column that is used here holds any,
    and a line of a comment is no row with its image.
    """
    for column, value in enumerate(record):
        if '\n' not in value and '\r' not in value:
            continue
        breaks = len(_LINE_BREAK.findall(value))
        known = column < len(names) and names[column] in known_columns(names)
        rows = _holds_rows(value, column, names, delimiter)
        if known or rows:
            first = re.split(rf'{re.escape(delimiter)}|\r|\n', value, maxsplit=1)[0]
            holds = 'with rows of the table in it' if rows else 'and not in its line'
            reason = (
                f'the quote before {show_name(first)} closes {breaks} line(s) below, '
                f'{holds}'
            )
            raise _quote_error(path, number, names, column, reason)


def _holds_rows(value: str, column: int, names: list[str], delimiter: str) -> bool:
    """Whether a line of a value of this column is a row, or as much as there is of it.

    The first line would be a row from this column on, the last one up to it.
    """
    known = known_columns(names)
    images = [n for n, name in enumerate(names) if is_image(name) and name in known]
    lines = [line.split(delimiter) for line in _LINE_BREAK.split(value)]
    lines[0] = [*[''] * column, *lines[0]]
    widths = [len(names)] * (len(lines) - 1) + [column + 1]
    for line, width in zip(lines, widths, strict=True):
        parts = [part.strip() for part in line]
        parts = parts if width == column + 1 else _fit(parts, names)
        shown = [parts[n] for n in images if n < len(parts)]
        if len(parts) == width and any(map(_IMAGE.fullmatch, shown)):
            return True
    return False


def _quote_error(
    path: Path, number: int, names: list[str], column: int, reason: str
) -> ValueError:
    named = column < len(names) and names[column]
    where = repr(names[column]) if named else f'number {column + 1}'
    return ValueError(
        f'{path}, row {number}, column {where}: {reason}. Rows would be lost, so '
        'nothing was read. Close the quote; a quote inside a quoted value is written '
        'twice ("").'
    )


def _fit(values: list[str], names: list[str]) -> list[str]:
    """A row without what spreadsheets add or leave out where no column has a name."""
    while len(values) > len(names) and not values[-1]:
        values = values[:-1]
    gap = names[len(values) :]
    return values if any(gap) else [*values, *gap]
