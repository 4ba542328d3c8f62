"""Finds double quotes in a text table that would swallow values or whole rows."""

from __future__ import annotations

import re
from pathlib import Path

from deeploc_jax.data.own.table_columns import fit_row, is_image, known_columns
from deeploc_jax.data.own.table_values import clean_text
from deeploc_jax.names import show_name

_IMAGE = re.compile(r'.*\.[A-Za-z]\w{1,5}')  # the name of a file
_LINE_BREAK = re.compile(r'\r\n|\r|\n')


def find_fault(record: str, delimiter: str) -> tuple[int, str]:
    """Finds the first value of a record whose quote is wrong.

    Args:
        record: Text from the start of the record.
        delimiter: Character between the values.

    Returns:
        Number of its column, and what is wrong, '' for nothing.
    """
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


def clean_header(
    path: Path, number: int, record: list[str], delimiter: str
) -> list[str]:
    """Column names, each on one line.

    Raises:
        ValueError: A quote closes some lines below the header.
    """
    for column, name in enumerate(record):
        if _LINE_BREAK.search(name) and delimiter in name:
            reason = 'a quote closes only some lines below, and holds other columns'
            raise quote_error(path, number, [], column, reason)
    return [clean_text(name) for name in record]


def check_line_breaks(
    path: Path, number: int, names: list[str], record: list[str], delimiter: str
) -> None:
    """Refuses a quoted value that has swallowed the rows below.

    A value with line breaks may be a comment. But none of the columns that are used
    here holds line breaks, and no line of a comment looks like a row with its image.

    Raises:
        ValueError: Row and column are named.
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
            raise quote_error(path, number, names, column, reason)


def quote_error(
    path: Path, number: int, names: list[str], column: int, reason: str
) -> ValueError:
    """The error for a wrong quote in a row and column."""
    named = column < len(names) and names[column]
    where = repr(names[column]) if named else f'number {column + 1}'
    return ValueError(
        f'{path}, row {number}, column {where}: {reason}. Rows would be lost, so '
        'nothing was read. Close the quote; a quote inside a quoted value is written '
        'twice ("").'
    )


def _holds_rows(value: str, column: int, names: list[str], delimiter: str) -> bool:
    """Whether a line of a value of this column is a row, or a part of one.

    The first line would be a row from this column on, the last line a row up to it.
    """
    known = known_columns(names)
    images = [n for n, name in enumerate(names) if is_image(name) and name in known]
    lines = [line.split(delimiter) for line in _LINE_BREAK.split(value)]
    lines[0] = [*[''] * column, *lines[0]]
    widths = [len(names)] * (len(lines) - 1) + [column + 1]
    for line, width in zip(lines, widths, strict=True):
        parts = [part.strip() for part in line]
        parts = parts if width == column + 1 else fit_row(parts, names)
        shown = [parts[n] for n in images if n < len(parts)]
        if len(parts) == width and any(map(_IMAGE.fullmatch, shown)):
            return True
    return False
