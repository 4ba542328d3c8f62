"""Decodes a text table from an encoding that is certain; no encoding is guessed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from deeploc_jax.names import show_name

HOW_TO_SAVE = 'Save it in the spreadsheet as "CSV UTF-8 (Comma delimited)"'

_MARKED = {
    codecs.BOM_UTF8: 'utf-8',
    codecs.BOM_UTF32_LE: 'utf-32',  # before UTF-16, whose mark begins alike
    codecs.BOM_UTF32_BE: 'utf-32',
    codecs.BOM_UTF16_LE: 'utf-16',
    codecs.BOM_UTF16_BE: 'utf-16',
}
_NO_TEXT = {
    b'PK\x03\x04': 'a spreadsheet or another archive',
    b'\xd0\xcf\x11\xe0': 'an old Excel file',
    b'PAR1': 'a Parquet file: name it .parquet',
    b'\x1f\x8b': 'compressed: unpack it',
    b'<': 'a web page or XML',
}
# What the decoder puts in place of a byte that is not UTF-8.
_UNREADABLE = re.compile('[\0\udc80-\udcff]')


def decode_table(path: Path) -> str:
    """Decodes a table in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.

    Bytes that are not UTF-8 are left for `check_characters`, which can name their row
    and column.

    Raises:
        ValueError: The file is not text.
    """
    with open_table(path) as file:
        return read_text(path, file)


def open_table(path: Path) -> TextIO:
    """Opens a table as `decode_table` reads it, to be read in parts by `read_text`.

    Raises:
        ValueError: The file is not text.
    """
    with path.open('rb') as file:
        data = file.read(4)
    for start, kind in _NO_TEXT.items():
        if data.startswith(start):
            raise ValueError(f'{path} is not text but {kind}. {HOW_TO_SAVE}.')
    marks = (name for mark, name in _MARKED.items() if data.startswith(mark))
    encoding = next(marks, 'utf-8')
    errors = 'surrogateescape' if encoding == 'utf-8' else 'strict'
    return path.open(encoding=encoding, errors=errors, newline='')


def read_text(path: Path, file: TextIO, characters: int = -1) -> str:
    """Reads so many characters of an open table, and on to where a row ends.

    Args:
        path: Path of the file, for the error.
        file: The open file.
        characters: Number of characters, -1 for all that are left.

    Returns:
        The text, '' at the end; line breaks between double quotes end no row.

    Raises:
        ValueError: It is cut off or damaged.
    """
    first = not file.tell()
    try:
        parts = [file.read(characters)]
        if characters >= 0 and parts[0]:
            parts.append(file.readline())
            open_quote = sum(part.count('"') for part in parts) % 2
            while open_quote and (line := file.readline()):
                parts.append(line)
                open_quote ^= line.count('"') % 2
    except UnicodeError as error:
        raise ValueError(f'{path} is cut off or damaged: {error}.') from None
    text = ''.join(parts)
    return text.lstrip('\ufeff') if first else text


def check_characters(
    path: Path, text: str, names: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> None:
    """Refuses a table with bytes that are not UTF-8, or with NUL bytes.

    Args:
        path: Path of the file, for the error.
        text: Text from `decode_table`.
        names: Column names.
        rows: Row number and values of every row, the column names among them.

    Raises:
        ValueError: There are such bytes; the first row and column are named.
    """
    if not _UNREADABLE.search(text):
        return
    for number, values in rows:
        for column, value in enumerate(values):
            if match := _UNREADABLE.search(value):
                name = names[column] if column < len(names) else str(column + 1)
                where = f'{path}, row {number}, column {_guess(name)}'
                raise ValueError(f'{where}: {_explain(value, match[0])} {HOW_TO_SAVE}.')
    raise ValueError(f'{path} has bytes that are not text. {HOW_TO_SAVE}.')


def _explain(value: str, character: str) -> str:
    if character == '\0':
        return 'there are NUL bytes: the file is damaged, or is UTF-16 without a mark.'
    return f'{_guess(value)} is not UTF-8, so its letters are uncertain.'


def _guess(value: str) -> str:
    """The value as Windows would show it where it is not UTF-8."""
    data = value.encode('utf-8', 'surrogateescape')
    if _UNREADABLE.search(value):
        value = data.decode('cp1252', 'replace')
    return repr(show_name(value))
