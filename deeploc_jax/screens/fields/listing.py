"""A listing has fields, and all that was not understood or cannot be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from deeploc_jax.screens.fields.field import Field
from deeploc_jax.tables.scored_cells import PLACE

UNMATCHED, MISSING, DOUBLED, UNUSABLE = 'unmatched', 'missing', 'doubled', 'unusable'
KINDS = {
    UNMATCHED: 'Matched nothing',
    MISSING: 'Missing',
    DOUBLED: 'Doubled',
    UNUSABLE: 'Cannot be used',
}
"""Kinds of problems, each with its heading."""


def kind_of(reason: str) -> str:
    """MISSING for reasons such as 'no such file', UNUSABLE for others."""
    return MISSING if reason.startswith('no ') else UNUSABLE


@dataclasses.dataclass(frozen=True)
class Problem:
    """Something that was not understood, or cannot be used.

    Attributes:
        kind: A key of `KINDS`.
        reason: What is wrong.
        file: Path of the file, '' where no single file is to blame.
        row: Row number in the table, None where no row is to blame.
        plate: Plate of the field or well, '' when unknown.
        well: Its well, '' when unknown.
        field: Its name in the well, '' when unknown.
        loses: Whether a field is left out because of it.
        screen: Its screen, '' when unknown.
        condition: Its condition, '' when unknown.
        replicate: Its replicate, '' when unknown.
    """

    kind: str
    reason: str
    file: str = ''
    row: int | None = None
    plate: str = ''
    well: str = ''
    field: str = ''
    loses: bool = True
    screen: str = ''
    condition: str = ''
    replicate: str = ''

    @classmethod
    def at(
        cls,
        place: Mapping[str, str],
        kind: str,
        reason: str,
        file: str = '',
        row: int | None = None,
        loses: bool = True,
    ) -> Problem:
        """A problem at a place that `read_place` returned, or at none."""
        known = {name: place.get(name, '') for name in PLACE}
        return cls(kind, reason, file, row, loses=loses, **known)

    def __str__(self) -> str:
        names = (getattr(self, name) for name in PLACE)
        place = '-'.join(name for name in names if name)
        row = f'row {self.row}' if self.row is not None else ''
        where = ', '.join(part for part in (row, place, self.file) if part)
        return f'{where}: {self.reason}' if where else self.reason


@dataclasses.dataclass(frozen=True)
class Listing:
    """Fields as a table, a pattern or a plate lists them.

    Attributes:
        fields: The fields, in any order.
        problems: What was not understood, or cannot be used.
        notes: Sentences that the user should see.
    """

    fields: tuple[Field, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
