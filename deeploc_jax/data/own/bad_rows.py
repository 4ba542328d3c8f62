"""Reports rows that cannot be used, in an error and in a file beside the table."""

from __future__ import annotations

import csv
import dataclasses
import warnings
from collections.abc import Sequence
from pathlib import Path

from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.files import atomic_write
from deeploc_jax.names import show_name

_LONGEST = 1000  # characters of a reason in a message
_LISTED = 20  # bad rows named in a message; the file beside the table lists all


@dataclasses.dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used.

    Attributes:
        number: Row number in the table.
        file: Paths of its image files.
        reason: What is wrong with it.
    """

    number: int
    file: str
    reason: str


def report_bad_rows(table: CellTable, bad: Sequence[BadRow], *, skip: bool) -> None:
    """Refuses a table with bad rows, or warns that they are left out.

    Args:
        table: The table.
        bad: Its bad rows.
        skip: Whether they are left out with a warning.

    Raises:
        ValueError: There are bad rows and they are not skipped.
    """
    if not bad:
        return
    message = describe_bad_rows(table, bad)
    if not skip:
        raise ValueError(
            f'{message}\nNothing was built. Correct these rows, or build the screen '
            'without them: skip_bad_rows=True.'
        )
    warnings.warn(f'{message}\nThey are left out.', stacklevel=3)


def describe_bad_rows(table: CellTable, bad: Sequence[BadRow]) -> str:
    """Describes the bad rows, and writes all of them to `bad_rows_path`."""
    bad = sorted(bad, key=lambda row: row.number)
    count = len(table.rows) + len(table.misfits)
    lines = [
        f'{len(bad)} of {count} rows of {table.path} cannot be used (the header is '
        f'row {table.header}):'
    ]
    lines += [
        f'  row {row.number}: {show_name(row.file, 200)}: {row.reason[:_LONGEST]}'
        for row in bad[:_LISTED]
    ]
    if len(bad) > _LISTED:
        lines.append(f'  ... and {len(bad) - _LISTED} more')
    path = bad_rows_path(table.path)
    try:
        atomic_write(path, lambda temporary: _write_bad_rows(temporary, bad))
        lines.append(f'The full list is in {path}.')
    except OSError as error:
        lines.append(f'The full list could not be written to {path}: {error}')
    return '\n'.join(lines)


def bad_rows_path(table: Path) -> Path:
    """Path of the list of bad rows: beside the table, with `.bad_rows.csv` added."""
    return table.with_name(table.name + '.bad_rows.csv')


def _write_bad_rows(path: Path, bad: Sequence[BadRow]) -> None:
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['row', 'file', 'reason'])
        writer.writerows(dataclasses.astuple(row) for row in bad)
