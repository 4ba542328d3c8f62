"""The wells of a scored screen, with what is known of their fields and cells."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax.types import WELL

LAYOUTS = ((8, 12), (16, 24), (32, 48))
"""Rows and columns of plates of 96, 384 and 1,536 wells."""
CELL_COLUMNS = (*WELL, 'predicted_name', 'flags')
"""What `count_cells` reads of the scored cells."""
_SEVERAL = ('focus_', 'brightness_', 'saturated_')


@dataclasses.dataclass
class Well:
    """A well.

    Attributes:
        key: Values of the `WELL` columns.
        proteins: Names of its proteins, usually one.
        fields: Rows of `fields.parquet`.
        classes: Number of usable cells of each class.
        flags: Number of cells with each flag of their own.
        cells: Number of cells.
        usable: Number of cells without any flag, the field's included.
    """

    key: tuple[str, ...]
    proteins: set[str] = dataclasses.field(default_factory=set)
    fields: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    classes: Counter[str] = dataclasses.field(default_factory=Counter)
    flags: Counter[str] = dataclasses.field(default_factory=Counter)
    cells: int = 0
    usable: int = 0

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Fields that are flagged or were set aside."""
        return [row for row in self.fields if row['flags'] or row['reason']]

    def median(self, column: str) -> float | None:
        """Median of a column over the fields, None where none has a value."""
        values = [row[column] for row in self.fields if row.get(column) is not None]
        return float(np.median(values)) if values else None


def collect_wells(
    fields: Sequence[Mapping[str, Any]], parts: Iterable[pa.Table]
) -> list[Well]:
    """The wells of a screen, in the order of `fields.parquet`.

    Args:
        fields: Rows of `fields.parquet`.
        parts: The `CELL_COLUMNS` of the scored cells, part by part; the flags of the
            field are among those of a cell.
    """
    wells: dict[tuple[str, ...], Well] = {}
    for row in fields:
        key = tuple(row[name] for name in WELL)
        well = wells.setdefault(key, Well(key))
        well.fields.append(dict(row, flags=row['flags'] or []))
        well.proteins |= {row['protein']} - {''}
    for table in parts:
        _count_cells(table, wells)
    return list(wells.values())


def _count_cells(table: pa.Table, wells: dict[tuple[str, ...], Well]) -> None:
    keys = zip(*(table[name].to_pylist() for name in WELL), strict=True)
    names, flags = table['predicted_name'].to_pylist(), table['flags'].to_pylist()
    for key, name, found in zip(keys, names, flags, strict=True):
        well = wells.setdefault(key, Well(key))
        well.cells += 1
        if found:
            well.flags.update(found)
        else:
            well.usable += 1
            well.classes[name] += 1


@dataclasses.dataclass(frozen=True)
class Layout:
    """Places of the wells of a plate.

    Attributes:
        rows: Names of the rows, empty where the wells have no places on a plate.
        columns: Number of columns.
        wells: Well, or None, of each place, row by row.
    """

    rows: tuple[str, ...]
    columns: int
    wells: tuple[Well | None, ...]


def lay_out(wells: Sequence[Well]) -> Layout:
    """The smallest plate that has all wells, or one after the other if none has."""
    places = [_place(well.key[-1]) for well in wells]
    known = [place for place in places if place]
    fitting = [
        (rows, columns)
        for rows, columns in LAYOUTS
        if all(row < rows and column < columns for row, column in known)
    ]
    if len(known) < len(wells) or len(set(known)) < len(wells) or not fitting:
        return Layout((), 12, tuple(wells))
    rows, columns = fitting[0]
    by_place = dict(zip(known, wells, strict=True))
    grid = [
        by_place.get((row, column)) for row in range(rows) for column in range(columns)
    ]
    return Layout(tuple(map(_letters, range(rows))), columns, tuple(grid))


def by_plate(wells: Iterable[Well]) -> dict[tuple[str, ...], list[Well]]:
    """The wells of each plate."""
    plates = defaultdict(list)
    for well in wells:
        plates[well.key[:-1]].append(well)
    return dict(plates)


def _place(name: str) -> tuple[int, int] | None:
    """Row and column, counted from 0, of a well such as B07 or AF48."""
    match = re.fullmatch(r'([A-Z]|A[A-F])(\d{1,2})', name.strip().upper())
    if not match or not int(match[2]):
        return None
    row = ord(match[1][-1]) - ord('A') + 26 * (len(match[1]) - 1)
    return row, int(match[2]) - 1


def _letters(row: int) -> str:
    return 'A' * (row // 26) + chr(ord('A') + row % 26)
