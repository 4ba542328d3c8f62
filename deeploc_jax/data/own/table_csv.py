"""Reads a table that is text: commas, semicolons or tabs between its values."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from deeploc_jax.data.own.table_columns import RawTable, fit_row, is_image
from deeploc_jax.data.own.table_encoding import (
    check_characters,
    decode_table,
    open_table,
    read_text,
)
from deeploc_jax.data.own.table_quotes import (
    check_line_breaks,
    clean_header,
    find_fault,
    quote_error,
)

PART = 1_000_000
"""Characters of a large table that are read at a time."""
_DELIMITERS = ',;\t'
_STATED = re.compile(r'"?sep=([,;\t|])"?\1*(\r\n|\r|\n)', re.IGNORECASE)


def read_csv(path: Path) -> RawTable:
    """Reads text with commas, semicolons or tabs between the values.

    Empty lines and comments (`# ...`) above the column names are skipped, as is a
    first line `sep=;`, which spreadsheets do not count as a row either.

    Raises:
        ValueError: A quote is not closed, or characters cannot be read.
    """
    text, delimiter = _take_delimiter(decode_table(path))
    return _read(path, text, delimiter, [], 1)[0]


def read_csv_parts(path: Path, characters: int = PART) -> Iterator[RawTable]:
    """Reads the same part by part, each with the column names."""
    with open_table(path) as file:
        text, delimiter = _take_delimiter(read_text(path, file, characters))
        names: list[str] = []
        number = 1
        while text:
            table, number = _read(path, text, delimiter, names, number)
            yield table
            text = read_text(path, file, characters)


def _read(
    path: Path, text: str, delimiter: str, names: list[str], first: int
) -> tuple[RawTable, int]:
    """The rows of a text, and the row number behind them.

    Args:
        path: Path of the file, for errors.
        text: Text of the table, or of some of its rows.
        delimiter: Character between the values.
        names: Column names; if there are none yet, they are read and put there.
        first: Row number of the first row of the text.
    """
    text = re.sub(rf'" +(?=[{re.escape(delimiter)}\r\n]|$)', '"', text)  # typed by hand
    header, rows, number = 1, [], first - 1
    for number, record in _parse(path, text, delimiter, names, first):
        if not any(record):
            continue  # an empty line, as spreadsheets leave at the end
        if names:
            check_line_breaks(path, number, names, record, delimiter)
            rows.append((number, fit_row(record, names)))
        elif not record[0].startswith('#'):
            header = number
            names += clean_header(path, number, record, delimiter)
    check_characters(path, text, names, [(header, names), *rows])
    return RawTable(names, rows, header, delimiter), number + 1


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
    path: Path, text: str, delimiter: str, names: list[str], number: int = 1
) -> Iterator[tuple[int, list[str]]]:
    """Row number and stripped values of every record.

    Args:
        path: Path of the file, for errors.
        text: Text of the table.
        delimiter: Character between the values.
        names: Column names, as far as the caller knows them by then.
        number: Row number of the first record.
    """
    lines = io.StringIO(text, newline='')
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    start = 0
    try:
        for record in reader:
            yield number, [value.strip() for value in record] or ['']
            number, start = number + 1, lines.tell()
    except csv.Error as error:
        column, reason = find_fault(text[start:], delimiter)
        if not reason and 'field limit' in str(error):
            longest = f'{csv.field_size_limit():,} characters'
            raise ValueError(
                f'{path}, row {number}: a value is longer than {longest}.'
            ) from None
        if not reason:
            raise ValueError(f'{path}, row {number}: {error}') from error
        raise quote_error(path, number, names, column, reason) from None
