"""A table says of a few cells whether they are cells, for a forest to learn from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from deeploc_jax.data.own.table_file import read_any_table

FEWEST = 5
"""Labelled cells, and labelled things that are none, that a forest needs."""
_WORDS = {'1': True, 'true': True, 'yes': True, '0': False, 'false': False, 'no': False}


def read_cell_labels(path: Path | str) -> dict[str, bool]:
    """Reads which cells are cells from a table.

    Args:
        path: CSV or Parquet table with the columns `cell_id`, as in the scored cells,
            and `is_cell`: 1 or 0, true or false, yes or no.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It cannot be read, a column is missing, a value is of another kind,
            or a cell is there twice with two answers; the row is named.
    """
    table = read_any_table(path)
    if missing := {'cell_id', 'is_cell'} - set(table.columns):
        raise ValueError(f'{path} lacks the columns {", ".join(sorted(missing))}.')
    if table.misfits:
        number, reason = table.misfits[0]
        raise ValueError(f'{path}, row {number}: {reason}.')
    labels: dict[str, bool] = {}
    for number, row in table.rows:
        name, said = row['cell_id'], row['is_cell'].lower().removesuffix('.0')
        if said not in _WORDS:
            raise ValueError(
                f'{path}, row {number}: is_cell ({said!r}) must be 1 or 0, true or '
                'false, yes or no.'
            )
        if labels.setdefault(name, _WORDS[said]) != _WORDS[said]:
            raise ValueError(
                f'{path}, row {number}: {name} is said to be a cell and not to be one.'
            )
    return labels


def check_cell_labels(
    path: Path | str, labels: Mapping[str, bool], fields: Collection[str]
) -> None:
    """Raises an error where a forest could not learn from labels, before any work.

    Args:
        path: Path of the table, for the error.
        labels: Name of a cell -> whether it is one.
        fields: Names of the fields of the screen, with which those of cells begin.

    Raises:
        ValueError: Fewer than 5 cells of these fields are labelled, or 5 that are none.
    """
    known = {name: c for name, c in labels.items() if _field_of(name) in fields}
    cells = sum(known.values())
    if min(cells, len(known) - cells) >= FEWEST:
        return
    unknown = next((name for name in labels if name not in known), '')
    hint = f' {unknown!r} is in no field of the screen.' if unknown else ''
    raise ValueError(
        f'{path} labels {cells} cells of the screen, and {len(known) - cells} things '
        f'that are none: at least {FEWEST} of each are needed.{hint}'
    )


def _field_of(cell: str) -> str:
    """The name of a cell without its number."""
    return cell.rpartition('-')[0]
