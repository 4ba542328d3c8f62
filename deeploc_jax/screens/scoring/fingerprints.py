"""Fields are known by their files, so that a change of one is noticed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deeploc_jax.screens.fields.field import Field


def fingerprint_field(field: Field, *more: Any) -> str:
    """Changes when the field, its image files or anything else given changes.

    Files are known by name, size and time of the last change: reading them all would
    take as long as scoring them.

    Args:
        field: The field.
        *more: What else its rows depend on, as JSON allows.
    """
    known = dict(vars(field))  # `asdict` would copy the planes as well
    if not field.own_name:  # as it was before fields could have one
        del known['own_name']
    planes = []
    for name, plane in known.pop('planes').items():
        place = dict(vars(plane))
        planes.append([name, *describe_file(place.pop('path')), place])
    text = json.dumps([known, planes, more], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def describe_file(path: Path) -> tuple[str, int, int]:
    """Name, size and time of the last change; -1 for those of a file that is away."""
    try:
        stat = path.stat()
    except OSError:  # it may be there the next time
        return path.name, -1, -1
    return path.name, stat.st_size, stat.st_mtime_ns


def what_changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names what differs between what a part was made from and would be made from.

    Args:
        then: Facts by name, those of the fields by their names under 'fields'.
        now: The same as of today.
    """
    changed = [
        name
        for name in dict.fromkeys([*then, *now])
        if name != 'fields' and then.get(name) != now.get(name)
    ]
    before, after = then.get('fields', {}), now.get('fields', {})
    names = dict.fromkeys([*before, *after])
    fields = [name for name in names if before.get(name) != after.get(name)]
    return changed + [f'field {name}' for name in fields]


def file_name(plate: str) -> str:
    """The plate's name as a file may be called on any system."""
    plain = re.sub(r'[^\w.-]', '_', plate, flags=re.ASCII).lstrip('.') or 'plate'
    if plain == plate:
        return plain
    return f'{plain}-{hashlib.sha256(plate.encode()).hexdigest()[:6]}'
