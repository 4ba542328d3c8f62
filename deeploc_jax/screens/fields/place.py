"""Names of wells and fields are brought to one form."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deeploc_jax.data.wells import canonical_well, name_well
from deeploc_jax.screens.fields.field import Field, Plane

PLACE = (
    'screen',
    'condition',
    'replicate',
    'plate',
    'well',
    'field',
    'protein',
    'label',
)
"""What is known of a field besides its images."""

_NUMBERS = re.compile(r'r(\d+)c(\d+)', re.IGNORECASE)


def read_place(values: Mapping[str, str], screen: str | None = None) -> dict[str, str]:
    """Reads the place of a field from a row of a table or the parts of a file name.

    Args:
        values: Names by column or part; instead of a well, its `row` and `column`. A
            well may also be written as `r01c12`.
        screen: Name of the screen where `values` do not say it.

    Returns:
        A value for each name of `PLACE`: the well as `A01`, the field without leading
        zeros ('1' where it is not said), others '' where they are not said.

    Raises:
        ValueError: Row and column are no well of a plate.
    """
    place = {name: values.get(name, '') for name in PLACE}
    place['screen'] = place['screen'] or screen or ''
    if not place['well'] and values.get('row') and values.get('column'):
        place['well'] = name_well(values['row'], values['column'])
    if numbers := _NUMBERS.fullmatch(place['well']):
        place['well'] = name_well(*numbers.groups())
    place['well'] = canonical_well(place['well'])
    place['field'] = place['field'] or '1'
    if place['field'].isdecimal():
        place['field'] = str(int(place['field']))
    return place


def make_field(place: Mapping[str, str], planes: dict[str, Plane]) -> Field:
    """The field at a place from `read_place`."""
    return Field(
        screen=place['screen'],
        condition=place['condition'],
        replicate=place['replicate'],
        plate=place['plate'],
        well=place['well'],
        field=place['field'],
        protein=place['protein'],
        label=place['label'],
        planes=planes,
    )
