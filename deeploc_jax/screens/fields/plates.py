"""Fields have an order and a name, and some of them share a plate."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence

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
    taken: set[str] = set()
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
            named[_apart(name, taken)] = tuple(part)
    return named


def name_apart(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The fields with names that no other one has, which those of cells begin with.

    Where there are several screens, the name of a field begins with its screen's.
    """
    many_screens = len({field.screen for field in fields}) > 1
    taken: set[str] = set()
    named = []
    for field in fields:
        screen = re.sub(r'[/\\\0]', '_', field.screen) if many_screens else ''
        name = _apart(f'{screen}-{field.name}' if screen else field.name, taken)
        own = '' if name == field.name else name
        named.append(dataclasses.replace(field, own_name=own) if own else field)
    return tuple(named)


def _apart(name: str, taken: set[str]) -> str:
    """The name, with `_` behind it while another has it already, in any letter case.

    Names alike are those of condition a-b on plate c, and of a on plate b-c. On some
    systems, files whose names differ in case alone are the same file.
    """
    while name.casefold() in taken:
        name += '_'
    taken.add(name.casefold())
    return name


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.findall(r'\d+|\D+', name)
    return [(int(part), '') if part.isdecimal() else (-1, part) for part in parts]
