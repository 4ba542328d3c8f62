"""Joins the fields to a plate map, by the names of their wells."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.listing import MISSING, UNMATCHED, Listing, Problem
from deeploc_jax.screens.fields.plate_map import KEYS, PlateMap

Key = tuple[str, ...]
Rows = Mapping[Key, tuple[int, dict[str, str]]]
"""Row number and place by what tells a well apart."""


def join_plate_map(listing: Listing, plate_map: PlateMap) -> Listing:
    """Completes fields by the map, and names what only one of them has.

    Wells are told apart by their plate and by all else that both the map and the fields
    name; a map without plates holds for every plate.

    Raises:
        ValueError: Two rows of the map stand for the same well.
    """
    names = [
        name
        for name in KEYS
        if name in plate_map.columns
        and any(getattr(field, name) for field in listing.fields)
    ]
    rows = _rows_by_well(plate_map, [*names, 'well'])
    by_well: dict[Key, list[Field]] = {}
    for field in listing.fields:
        key = tuple(getattr(field, name) for name in (*names, 'well'))
        by_well.setdefault(key, []).append(field)
    fields = [
        _complete(field, rows[key][1]) if key in rows else field
        for key, members in by_well.items()
        for field in members
    ]
    alone = [members[0] for key, members in by_well.items() if key not in rows]
    problems = (*_unknown_wells(plate_map, alone), *_unused_rows(rows, by_well))
    return Listing(tuple(fields), (*listing.problems, *problems), listing.notes)


def _rows_by_well(plate_map: PlateMap, names: Sequence[str]) -> Rows:
    rows: dict[Key, tuple[int, dict[str, str]]] = {}
    for number, place in plate_map.wells:
        key = tuple(place[name] for name in names)
        first = rows.setdefault(key, (number, place))
        if first[0] != number:
            apart = 'plate' in plate_map.columns and 'plate' not in names
            hint = ' (the fields name no plates)' if apart else ''
            raise ValueError(
                f'{plate_map.path} has the well {" ".join(filter(None, key))} in row '
                f'{first[0]} and in row {number}{hint}; keep one of them.'
            )
    return rows


def _unknown_wells(plate_map: PlateMap, fields: Sequence[Field]) -> Iterator[Problem]:
    for field in fields:
        reason = f'images, but no row in {plate_map.path}'
        place = vars(field) | dict(field='')  # the whole well
        yield Problem.at(place, UNMATCHED, reason, loses=False)


def _unused_rows(rows: Rows, used: Collection[Key]) -> Iterator[Problem]:
    for key, (number, place) in rows.items():
        if key not in used:
            reason = 'a row in the plate map, but no images'
            place = place | dict(field='')
            yield Problem.at(place, MISSING, reason, row=number, loses=False)


def _complete(field: Field, place: dict[str, str]) -> Field:
    """The field with what the map says and nothing else did."""
    return dataclasses.replace(
        field,
        protein=field.protein or place['protein'],
        condition=field.condition or place['condition'],
        replicate=field.replicate or place['replicate'],
        label=field.label or place['label'],
        screen=field.screen or place['screen'],
    )
