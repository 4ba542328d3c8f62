"""A screen is scored in parts, and each part says what its rows depend on."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence

from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.illumination import Illumination
from deeploc_jax.screens.fields.plates import group_plates
from deeploc_jax.screens.scoring.asked import Asked, Given
from deeploc_jax.screens.scoring.fingerprints import file_name


@dataclasses.dataclass(frozen=True)
class Part:
    """Some consecutive fields of one plate, which are scored and written together.

    Attributes:
        name: Name of its file, unique in the screen.
        plate: Name of the plate, unique in the screen.
        fields: The fields; all of a well, unless it has more than a part holds.
        given: What another program found in each field, () where cells are looked for.
        lamp: Uneven light of the plate, None where it is left as it is.
    """

    name: str
    plate: str
    fields: tuple[Field, ...]
    given: tuple[Given, ...] = ()
    lamp: Illumination | None = None

    def asked(self) -> Iterator[Asked]:
        """What is asked of each field."""
        for index, field in enumerate(self.fields):
            given = self.given[index] if self.given else None
            yield Asked(field, given, self.lamp)


def cut_parts(fields: Sequence[Field], fields_per_part: int) -> tuple[Part, ...]:
    """Cuts the fields of a screen into parts.

    The parts of a plate do not depend on other plates, so that plates can be added.

    Args:
        fields: Fields in the order of the inventory.
        fields_per_part: Number of fields in a part, at most.

    Raises:
        ValueError: `fields_per_part` is below 1.
    """
    if fields_per_part < 1:
        raise ValueError(f'fields_per_part ({fields_per_part}) must be at least 1.')
    return tuple(
        Part(f'{file_name(plate)}-{number:05d}', plate, tuple(members))
        for plate, on_plate in group_plates(fields).items()
        for number, members in enumerate(_runs(on_plate, fields_per_part))
    )


def take_shard(parts: Sequence[Part], shard: str | None) -> tuple[Part, ...]:
    """The parts of a shard: '3/16' is every 16th from the third; None is all.

    Raises:
        ValueError: The shard is not of this form, or there is no such shard.
    """
    if not shard:
        return tuple(parts)
    match = re.fullmatch(r'(\d+)/(\d+)', shard)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of:
        raise ValueError(
            f'shard ({shard!r}) must be a number of how many, from 1/16 to 16/16.'
        )
    return tuple(parts[number - 1 :: of])


def _runs(fields: Sequence[Field], size: int) -> Iterator[list[Field]]:
    """Lists of at most `size` fields that break a well only where it is larger."""
    run: list[Field] = []
    for _, members in itertools.groupby(
        fields, key=lambda f: (f.condition, f.replicate, f.well)
    ):
        well = list(members)
        if run and len(run) + len(well) > size:
            yield run
            run = []
        run += well
        while len(run) > size:
            yield run[:size]
            run = run[size:]
    if run:
        yield run
