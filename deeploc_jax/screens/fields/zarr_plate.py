"""Plates in OME-Zarr, version 0.4 or 0.5, become fields: its layout for screens."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deeploc_jax.data.wells import canonical_well
from deeploc_jax.images import ImageError
from deeploc_jax.images.errors import as_image_error
from deeploc_jax.images.zarr_folders import ome_attributes, open_group
from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.file_check import is_outside
from deeploc_jax.screens.fields.listing import Listing, Problem, kind_of


def find_plate(path: Path) -> dict[str, Any]:
    """The metadata of the plate in a folder of Zarr, {} where it is no plate.

    Raises:
        ImageError: There is no such folder, or no group in it.
    """
    return ome_attributes(open_group(path)).get('plate', {})


def list_zarr_plate(field: Field, path: Path, plate: Mapping[str, Any]) -> Listing:
    """Lists the fields of a plate.

    Args:
        field: What is known of all of them: its planes have the path of the plate.
        path: Folder of the plate.
        plate: Its metadata.
    """
    fields: list[Field] = []
    problems: list[Problem] = []
    name = field.plate or plate.get('name') or path.name.split('.')[0]
    for well in plate.get('wells', ()):
        below = str(well.get('path', '')) if isinstance(well, Mapping) else ''
        named = canonical_well(below.replace('/', ''))
        place = dataclasses.replace(field, plate=name, well=named)
        try:
            fields += _list_well(place, path, below)
        except ImageError as error:
            reason, folder = str(error), str(path / below)
            known = vars(place) | dict(field='')
            problem = Problem.at(known, kind_of(reason), reason, folder)
            problems.append(problem)
    return Listing(tuple(fields), tuple(problems), _describe_rounds(name, plate))


def _list_well(place: Field, plate: Path, below: str) -> list[Field]:
    """The fields of a well, whose folder is `below` that of the plate.

    Raises:
        ImageError: It is missing, damaged or outside the folder of the plate.
    """
    folder = plate / below
    if not below or is_outside(folder, plate):
        raise ImageError(f'the plate names a well {below!r}, outside its folder')
    with as_image_error(folder):
        images = ome_attributes(open_group(folder))['well']['images']
        return [_image_field(place, folder, str(image['path'])) for image in images]


def _image_field(place: Field, well: Path, image: str) -> Field:
    if is_outside(well / image, well):
        raise ImageError(f'the well names an image {image!r}, outside its folder')
    planes = {
        name: dataclasses.replace(plane, path=well / image)
        for name, plane in place.planes.items()
    }
    number = str(int(image)) if image.isdecimal() else image
    return dataclasses.replace(place, field=number, planes=planes)


def _describe_rounds(name: str, plate: Mapping[str, Any]) -> tuple[str, ...]:
    count = len(plate.get('acquisitions', ()))
    if count < 2:
        return ()
    return (f'Plate {name} has {count} acquisitions; each image of one is a field.',)
