"""The uneven light of each plate is estimated once and kept in the workdir."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

from deeploc_jax.files import read_json, write_json
from deeploc_jax.progress import progress_bar
from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.illumination import Illumination, fit_illumination
from deeploc_jax.screens.fields.plates import group_plates
from deeploc_jax.screens.fields.read import read_field
from deeploc_jax.screens.scoring.fingerprints import file_name, fingerprint_field
from deeploc_jax.screens.scoring.parts import Part


def with_lamps(
    workdir: Path, parts: Sequence[Part], fields: Sequence[Field], offset: float
) -> tuple[Part, ...]:
    """The parts with the lamp of their plate.

    It is estimated from the whole plate, also where only some of its parts are scored
    here, and again when a field of the plate has changed.

    Args:
        workdir: Workdir of the run.
        parts: Some parts of the screen.
        fields: All its fields.
        offset: Gray value of a dark pixel.
    """
    wanted, lamps = {part.plate for part in parts}, {}
    plates = {n: f for n, f in group_plates(fields).items() if n in wanted}
    for plate, members in progress_bar(plates.items(), description='light of plates'):
        path = workdir / 'illumination' / f'{file_name(plate)}.json'
        lamps[plate] = _lamp(path, members, offset)
    return tuple(dataclasses.replace(part, lamp=lamps[part.plate]) for part in parts)


def _lamp(path: Path, fields: Sequence[Field], offset: float) -> Illumination:
    prints = [fingerprint_field(field, offset) for field in fields]
    fingerprint = hashlib.sha256(' '.join(prints).encode()).hexdigest()
    if path.exists():
        found = read_json(path)
        if found.pop('fingerprint') == fingerprint:
            rows = tuple(tuple(row) for row in found.pop('coefficients'))
            notes = tuple(found.pop('notes'))
            return Illumination(coefficients=rows, notes=notes, **found)
    lamp = fit_illumination(fields, read_field, offset)
    write_json(path, dict(dataclasses.asdict(lamp), fingerprint=fingerprint))
    return lamp
