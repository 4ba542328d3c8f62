"""The part `units`: the patches that units answer most, and what the units tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from deeploc_jax.explain.parts.opened import Opened
from deeploc_jax.explain.unit_rows import look_at_units
from deeploc_jax.report.section import Section
from deeploc_jax.report.units import units_section
from deeploc_jax.tables.units import PATCHES, UNITS


@dataclasses.dataclass(frozen=True)
class UnitOptions:
    """What is asked of the part.

    Attributes:
        layers: Names of layers; none: a few of them.
        units: Units whose patches are shown, such as 'conv_2:17,conv_8:3'; '': those
            of each layer that tell most of the class.
        each: How many of each layer these are.
        patches: Patches of each unit.
    """

    layers: Sequence[str]
    units: str
    each: int
    patches: int


def units_part(opened: Opened, options: UnitOptions) -> Section:
    """Goes through the units of some layers."""
    sample, layers = opened.drawn(), opened.layers(options.layers)
    asked = read_units(options.units)
    seen = look_at_units(
        sample,
        opened.measured(sample),
        list(dict.fromkeys([*layers, *asked])),
        asked=asked,
        units=options.each,
        patches=options.patches,
    )
    opened.write(seen.rows, UNITS)
    opened.write(seen.patches, PATCHES)
    images, marker = sample.images, sample.network.card.marker_channel
    return units_section(seen.rows, seen.patches, seen.sizes, images, marker)


def read_units(text: str) -> dict[str, list[int]]:
    """Reads units such as 'conv_4:17,conv_8:3'.

    Returns:
        Numbers of the units by layer; {} for ''.

    Raises:
        ValueError: They are given in another form.
    """
    found: dict[str, list[int]] = {}
    for item in filter(None, text.split(',')):
        layer, colon, unit = item.strip().rpartition(':')
        if not colon or not unit.isdecimal():
            raise ValueError(
                f'units.units ({text}) must be like conv_4:17,conv_8:3, with the '
                'number of each unit, from 0, behind its layer.'
            )
        found.setdefault(layer, []).append(int(unit))
    return found
