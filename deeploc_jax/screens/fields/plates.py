"""Fields have an order, and some of them share a plate."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deeploc_jax.screens.fields.field import Field


def sort_fields(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Sorts by plate, well and field; numbers in names count as numbers."""

    def key(field: Field) -> list[list[tuple[int, str]]]:
        names = (field.plate, field.well, field.field, field.condition, field.replicate)
        return [_natural(name) for name in (field.screen, *names)]

    return tuple(sorted(fields, key=key))


def group_plates(fields: Iterable[Field]) -> dict[str, tuple[Field, ...]]:
    """The fields of every plate, by a name of the plate that no other one has.

    The wells of a plate may differ in condition and replicate. Where a well and field
    occur twice under one name, these are several plates: one for each condition and
    replicate.
    """
    plates: dict[tuple[str, ...], list[Field]] = {}
    for field in fields:
        plates.setdefault((field.screen, field.plate), []).append(field)
    many_screens = len({screen for screen, _ in plates}) > 1
    named: dict[str, tuple[Field, ...]] = {}
    for (screen, plate), members in plates.items():
        places = {(field.well, field.field) for field in members}
        parts: dict[tuple[str, ...], list[Field]] = {}
        for field in members:
            apart = len(places) < len(members)
            key = (field.condition, field.replicate) if apart else ()
            parts.setdefault(key, []).append(field)
        for key, part in parts.items():
            names = (screen if many_screens else '', *key, plate)
            name = '-'.join(name for name in names if name)
            while name in named:  # a-b of the plate c, and a of the plate b-c
                name += '_'
            named[name] = tuple(part)
    return named


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.findall(r'\d+|\D+', name)
    return [(int(part), '') if part.isdecimal() else (-1, part) for part in parts]
