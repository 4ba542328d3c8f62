"""One file or folder may hold many fields: a series of images, or a whole plate."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from deeploc_jax.data.wells import name_well
from deeploc_jax.images import ImageFile, ImageReader
from deeploc_jax.images.errors import as_image_error
from deeploc_jax.images.image_place import SERIES, ImagePlace
from deeploc_jax.images.zarr_folders import is_zarr
from deeploc_jax.screens.fields.channels import Channels
from deeploc_jax.screens.fields.field import Field, Plane
from deeploc_jax.screens.fields.listing import UNUSABLE, Listing, Problem
from deeploc_jax.screens.fields.place import make_field, read_place
from deeploc_jax.screens.fields.zarr_plate import find_plate, list_zarr_plate


def list_file(path: Path, channels: Channels, screen: str | None = None) -> Listing:
    """Lists the fields of one file that holds all channels, or of an OME-Zarr plate.

    Args:
        path: The file, or the folder of the plate.
        channels: Channels of the screen.
        screen: Name of the screen.
    """
    plane = Plane(path, None, None, len(channels.file_order) or None)
    planes = {
        name: dataclasses.replace(plane, channel=channels.number(name))
        for name in channels.used
    }
    with ImageReader() as reader:
        return list_contents(make_field(read_place({}, screen), planes), reader)


def list_contents(field: Field, reader: ImageReader) -> Listing:
    """Lists the fields in the files of what looks like one field.

    Images of a series are fields 1, 2, ... of the well, unless the file says in which
    well and field each was taken.
    """
    path = next(iter(field.planes.values())).path
    try:
        with as_image_error(path):
            if is_zarr(path) and (plate := find_plate(path)):
                return list_zarr_plate(field, path, plate)
        return Listing(tuple(_list_series(field, reader.open(path))))
    except ValueError as error:  # an ImageError, or a well that no plate has
        problem = Problem.at(vars(field), UNUSABLE, str(error), str(path))
        return Listing((), (problem,))


def _list_series(field: Field, file: ImageFile) -> list[Field]:
    """The field for each image of a series, or the field as it is."""
    if file.stack != SERIES:
        return [field]
    fields = []
    for index in range(file.count or 0):
        planes = {
            name: dataclasses.replace(plane, index=index)
            for name, plane in field.planes.items()
        }
        part = dataclasses.replace(field, planes=planes, field=str(index + 1))
        fields.append(_put(part, file.places[index]) if file.places else part)
    return fields


def _put(field: Field, place: ImagePlace) -> Field:
    """The field where its file says it is; what is known already stays."""
    return dataclasses.replace(
        field,
        plate=field.plate or place.plate,
        well=field.well or name_well(place.row, place.column),
        field=str(place.field),
    )
