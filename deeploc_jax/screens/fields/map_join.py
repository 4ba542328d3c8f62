"""Joins the fields to a plate map, by the names of their wells."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.listing import MISSING, UNMATCHED, Listing, Problem
from deeploc_jax.screens.fields.plate_map import KEYS, PlateMap

Key = tuple[str, ...]


def join_plate_map(listing: Listing, plate_map: PlateMap) -> Listing:
    """Completes fields by the map, and names what only one of them has.

    Wells are told apart by their plate and by all else that both the map and the fields
    name; a map without plates holds for every plate.

    Raises:
        ValueError: Two rows of the map stand for the same well.
    """
    keys = [
        name
        for name in KEYS
        if name in plate_map.columns
        and any(getattr(field, name) for field in listing.fields)
    ]
    rows = _rows_by_well(plate_map, keys)
    fields, unknown = [], {}
    for field in listing.fields:
        key = tuple(getattr(field, name) for name in (*keys, 'well'))
        if key in rows:
            field = _complete(field, rows[key][1])
        else:
            unknown.setdefault(key, field)
        fields.append(field)
    used = {tuple(getattr(f, name) for name in (*keys, 'well')) for f in listing.fields}
    problems = [
        Problem(
            UNMATCHED,
            f'images, but no row in {plate_map.path}',
            plate=field.plate,
            well=field.well,
            loses=False,
        )
        for field in unknown.values()
    ]
    problems += [
        Problem(
            MISSING,
            'a row in the plate map, but no images',
            row=number,
            plate=place['plate'],
            well=place['well'],
            loses=False,
        )
        for key, (number, place) in rows.items()
        if key not in used
    ]
    return Listing(tuple(fields), (*listing.problems, *problems), listing.notes)


def _rows_by_well(
    plate_map: PlateMap, keys: Sequence[str]
) -> dict[Key, tuple[int, dict[str, str]]]:
    rows: dict[Key, tuple[int, dict[str, str]]] = {}
    for number, place in plate_map.wells:
        key = tuple(place[name] for name in (*keys, 'well'))
        first = rows.setdefault(key, (number, place))
        if first[0] != number:
            raise ValueError(
                f'{plate_map.path} has the well {" ".join(filter(None, key))} in row '
                f'{first[0]} and in row {number}; keep one of them.'
            )
    return rows


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
