"""Checks the rows of a user's table, as far as possible without its images."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.data.own.bad_rows import BadRow
from deeploc_jax.data.own.cell_files import find_image
from deeploc_jax.data.own.cell_numbers import read_numbers
from deeploc_jax.data.own.cell_splits import OTHER_WORDS, SPLITS, split_rows
from deeploc_jax.data.own.cell_table import CellTable
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


def check_rows(
    table: CellTable,
    channels: Sequence[str],
    *,
    group_by: str | None = None,
    classes: Sequence[str] = (),
    split_seed: int = 0,
) -> tuple[list[CellRow], list[BadRow]]:
    """Checks everything that can be checked without opening an image.

    Args:
        table: Table from `read_table`.
        channels: Channel names in the order of the screen.
        group_by: Columns that group the cells, see `split_rows`.
        classes: Allowed class names; empty allows any.
        split_seed: Seed of the splits, see `split_rows`.

    Returns:
        The usable rows, each with its split, and the others with the reason.

    Raises:
        ValueError: The table as a whole cannot be used: a channel has no column, or
            there is no honest way to split the table.
    """
    columns = _image_columns(table, channels)
    # A stack has many rows, and a network share is slow to look up a file.
    find = functools.lru_cache(1024)(functools.partial(find_image, table.path.parent))
    bad = [BadRow(number, '', reason) for number, reason in table.misfits]
    rows: list[CellRow] = []
    first_with: dict[str, int] = {}  # cell_id -> row number
    allowed = dict.fromkeys(classes)
    places = split_rows(table, group_by, split_seed)
    for (number, values), place in zip(table.rows, places, strict=True):
        row, reasons = _read_row(number, values, columns, find, place)
        reasons += _wrong_words(row, group_by, allowed)
        first = first_with.setdefault(row.metadata['cell_id'], number)
        if first != number:
            reasons.append(
                f'cell_id {row.metadata["cell_id"]!r} is already in row {first}'
            )
        if reasons:
            files = ', '.join(values[column] for column in columns)
            bad.append(BadRow(number, files, '; '.join(reasons)))
        else:
            rows.append(row)
    return rows, bad


def _image_columns(table: CellTable, channels: Sequence[str]) -> list[str]:
    in_table = table.image_channels
    if not in_table:
        return ['image']
    missing = [name for name in channels if name not in in_table]
    if missing:
        raise ValueError(
            f'{table.path} has no column image_{missing[0]} for the channel '
            f'{missing[0]!r}; its image columns name: {show_names(in_table)}.'
        )
    return [f'image_{name}' for name in channels]


def _read_row(
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


def _wrong_words(
    row: CellRow, group_by: str | None, classes: Mapping[str, Any]
) -> list[str]:
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
