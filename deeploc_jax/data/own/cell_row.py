"""Reads one row of a user's table, and what is wrong in it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.data.own.cell_numbers import read_numbers
from deeploc_jax.data.own.cell_splits import OTHER_WORDS, SPLITS
from deeploc_jax.data.own.table_columns import TEXT_COLUMNS
from deeploc_jax.names import show_names

_SPREADSHEET_ERRORS = ('#REF!', '#NAME?', '#VALUE!', '#DIV/0!', '#NUM!', '#NULL!')


@dataclasses.dataclass(frozen=True, slots=True)
class CellRow:
    """One checked row.

    Attributes:
        number: Row number in the table.
        files: One file with all channels, or a file for each channel, in the order of
            the screen.
        index: Index of the image in a stack, counted from 0; None for a file with a
            single image.
        label: Class name, '' when unlabelled.
        split: One of `SPLITS`.
        group: Group of the cell, which is kept in one split; '' without group_by.
        metadata: `TEXT_COLUMNS` as text, and x, y in pixels (NaN when unknown).
    """

    number: int
    files: tuple[Path, ...]
    index: int | None
    label: str
    split: str
    group: str
    metadata: dict[str, Any]


def read_row(
    number: int,
    values: Mapping[str, str],
    columns: Sequence[str],
    find: Callable[[str], Path],
    place: tuple[str, str],
) -> tuple[CellRow, list[str]]:
    """Reads one row.

    Args:
        number: Row number.
        values: Values by column.
        columns: Columns that name image files.
        find: Function from a path in the table to the file.
        place: Group and split of the row.

    Returns:
        The row, and what is wrong in its own columns.
    """
    numbers, reasons = read_numbers(values)
    reasons = [f'no file in {name}' for name in columns if not values[name]] + reasons
    index = numbers.pop('index')
    index = int(index) if math.isfinite(index) else None
    metadata: dict[str, Any] = {name: values.get(name, '') for name in TEXT_COLUMNS}
    if not metadata['cell_id']:
        suffix = '' if index is None else f'#{index}'
        metadata['cell_id'] = values[columns[0]] + suffix
    row = CellRow(
        number=number,
        files=tuple(find(values[name]) for name in columns),
        index=index,
        label=values.get('label', ''),
        group=place[0],
        split=place[1],
        metadata=metadata | numbers,
    )
    return row, reasons


def find_wrong_words(
    row: CellRow, group_by: str | None, classes: Mapping[str, Any]
) -> list[str]:
    """Finds words of a row that cannot be what they stand for.

    Args:
        row: Row from `read_row`.
        group_by: Columns that group the cells.
        classes: Allowed class names; empty allows any.

    Returns:
        A reason for each such word.
    """
    reasons = []
    for name in ('label', *TEXT_COLUMNS):
        text = row.label if name == 'label' else row.metadata[name]
        if text in _SPREADSHEET_ERRORS:
            reasons.append(f'{name} {text!r} is an error message of the spreadsheet')
    if group_by and not row.group:
        reasons.append(f'no value in {group_by}')
    if row.split not in SPLITS:
        reasons.append(
            f'split {row.split!r} is not one of {", ".join(SPLITS)} (or '
            f'{", ".join(OTHER_WORDS)})'
        )
    if classes and row.label and row.label not in classes:
        reasons.append(f'unknown class {row.label!r}; classes: {show_names(classes)}')
    return reasons
