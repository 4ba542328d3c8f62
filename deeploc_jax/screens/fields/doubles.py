"""Fields that are described more than once are set aside, all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from deeploc_jax.names import show_names
from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.listing import DOUBLED, Listing, Problem


def without_doubles(listing: Listing, rows: Sequence[int] = ()) -> Listing:
    """The listing with fields that are described once, and the others as problems.

    Args:
        listing: The listing.
        rows: Row number of each of its fields, () where they are not from a table.
    """
    same: dict[tuple[str, ...], list[int]] = {}
    for number, field in enumerate(listing.fields):
        same.setdefault(field.place, []).append(number)
    doubled = [numbers for numbers in same.values() if len(numbers) > 1]
    dropped = {number for numbers in doubled for number in numbers}
    problems = [_describe(listing.fields, numbers, rows) for numbers in doubled]
    kept = (f for n, f in enumerate(listing.fields) if n not in dropped)
    return dataclasses.replace(
        listing, fields=tuple(kept), problems=(*listing.problems, *problems)
    )


def _describe(
    fields: Sequence[Field], numbers: Sequence[int], rows: Sequence[int]
) -> Problem:
    field = fields[numbers[0]]
    if rows:
        listed = ', '.join(str(rows[number]) for number in numbers)
        reason = f'rows {listed} describe the same field; keep one of them'
        return Problem.at(vars(field), DOUBLED, reason, row=rows[numbers[0]])
    files = [str(next(iter(fields[n].planes.values())).path) for n in numbers]
    reason = f'the same field is in {len(files)} places: {show_names(files, 4)}'
    return Problem.at(vars(field), DOUBLED, reason, files[0])
