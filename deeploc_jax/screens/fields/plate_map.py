"""Reads a plate map: what each well holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.data.own.table_file import read_any_table
from deeploc_jax.names import show_names
from deeploc_jax.screens.fields.place import read_place

FILLED = ('protein', 'condition', 'replicate', 'label', 'screen')
"""Columns of a map that say something about a well."""
KEYS = ('screen', 'condition', 'replicate', 'plate')
"""Columns that, beside the well, may say which well is meant."""
_SPELLINGS = {
    'wellid': 'well',
    'well_id': 'well',
    'col': 'column',
    'gene': 'protein',
    'treatment': 'condition',
}


@dataclasses.dataclass(frozen=True)
class PlateMap:
    """A plate map.

    Attributes:
        path: Path of its table.
        columns: Those of `FILLED` and `KEYS` that it has.
        wells: Row number and place of each row, see `read_place`.
    """

    path: Path
    columns: tuple[str, ...]
    wells: tuple[tuple[int, dict[str, str]], ...]


def read_plate_map(path: Path | str) -> PlateMap:
    """Reads a plate map: a well, or its row and column, and what it holds.

    Upper and lower case of column names are alike. `Gene` is read as the protein, and
    `ORF` where a gene has no name ('' or '0'); `wellId` as the well, where rows and
    columns are not given.

    Raises:
        FileNotFoundError: The table does not exist.
        ValueError: A row has no well, or the columns say nothing about wells.
    """
    table = read_any_table(path)
    names = _name_columns(table)
    table.tidy(names.values())
    columns = [name for name in names if name in (*FILLED, *KEYS)]
    placed = 'well' in names or {'row', 'column'} <= set(names)
    if not (placed and set(columns) & set(FILLED)):
        raise ValueError(
            f'{path} is no plate map: it needs a column well (or row and column), and '
            f'one or more of {", ".join(FILLED)}; it has: {show_names(table.columns)}.'
        )
    if table.misfits:
        number, reason = table.misfits[0]
        raise ValueError(f'{path}, row {number}: {reason}.')
    wells = []
    for number, values in table.rows:
        try:
            wells.append((number, _read_well(values, names)))
        except ValueError as error:
            raise ValueError(f'{path}, row {number}: {error}') from None
        if not wells[-1][1]['well']:
            raise ValueError(f'{path}, row {number}: there is no well.')
    return PlateMap(Path(path), tuple(columns), tuple(wells))


def _name_columns(table: CellTable) -> dict[str, str]:
    """The column of the table for each name that is used here."""
    plain = {c.lower().replace(' ', '_'): c for c in table.columns}
    named = {_SPELLINGS.get(name, name): column for name, column in plain.items()}
    if {'row', 'column'} <= set(named) and 'well' not in plain:
        named.pop('well', None)
    used = ('well', 'row', 'column', 'orf', *FILLED, *KEYS)
    names = {name: named[name] for name in used if name in named}
    if 'orf' in names:
        names.setdefault('protein', names['orf'])
    return names


def _read_well(row: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The place of a row; the protein by its ORF where the gene has no name."""
    values = {name: row[column] for name, column in names.items()}
    if 'orf' in values and values['protein'] in ('', '0'):
        values['protein'] = values['orf']
    return read_place(values)
