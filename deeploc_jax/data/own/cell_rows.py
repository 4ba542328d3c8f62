"""Checks the rows of a user's table, as far as possible without its images."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from deeploc_jax.data.own.bad_rows import BadRow
from deeploc_jax.data.own.cell_files import find_image
from deeploc_jax.data.own.cell_row import CellRow, find_wrong_words, read_row
from deeploc_jax.data.own.cell_splits import split_rows
from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.names import show_names


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
        row, reasons = read_row(number, values, columns, find, place)
        reasons += find_wrong_words(row, group_by, allowed)
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
