"""Writes the names of wells in one form."""

from __future__ import annotations

import re

# Rows A-Z and AA-AF, columns 1-48, as on a plate of 1536 wells.
_WELL = re.compile(r'([A-Z]|A[A-F])[\s_-]*0*([1-9][0-9]?)', re.IGNORECASE)
_COLUMNS = 48


def canonical_well(name: str) -> str:
    """Writes 'A1', 'a01', 'A 1', 'A-01' and 'A001' as `A01`; keeps other names.

    Args:
        name: Row letters and column number of a well, as any program writes them.

    Returns:
        Upper-case row and two-digit column, if the name is a well of a plate of up to
        1536 wells (rows A to AF, columns 1 to 48); otherwise `name`.
    """
    match = _WELL.fullmatch(name.strip())
    if not match or int(match[2]) > _COLUMNS:
        return name
    return f'{match[1].upper()}{int(match[2]):02d}'


def name_well(row: str | int, column: str | int) -> str:
    """The name of the well in a row and a column.

    Args:
        row: Letters, or the number counted from 1; 27 is AA.
        column: Number, counted from 1.

    Returns:
        The name as `canonical_well` writes it.

    Raises:
        ValueError: They are no row and column of a plate.
    """
    row, column = str(row).strip(), str(column).strip()
    letters = _letters(int(row)) if row.isdecimal() else row
    apart = letters.isalpha() and column.isdecimal()
    if not (apart and _WELL.fullmatch(letters + column) and int(column) <= _COLUMNS):
        raise ValueError(f'row {row!r}, column {column!r} is no well of a plate.')
    return canonical_well(letters + column)


def _letters(row: int) -> str:
    first, last = divmod(row - 1, 26)
    return ('A' if first == 1 else '' if first == 0 else '?') + chr(ord('A') + last)
