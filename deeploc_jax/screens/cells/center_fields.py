"""Centers from a table are joined to the fields that they lie in."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import Float

from deeploc_jax.data.wells import canonical_well
from deeploc_jax.names import show_names
from deeploc_jax.screens.cells.center_columns import tidy_field
from deeploc_jax.screens.cells.center_table import Centers
from deeploc_jax.screens.fields.field import Field

Key = tuple[str, ...]
PARTS = 2  # of a path that are compared: a folder and the name in it


def join_centers(
    centers: Centers, fields: Sequence[Field]
) -> tuple[
    dict[Key, tuple[Float[np.ndarray, ' m'], Float[np.ndarray, ' m']]], list[str]
]:
    """Finds the cells of each field.

    Where the table names image files, a field has the cells of its files: the innermost
    folder counts where the table has one, endings do not, and `name_3` is the third
    image in `name`.
    Otherwise plate, well and field are compared, as far as the table has them.

    Args:
        centers: The table.
        fields: Fields of the screen.

    Returns:
        Centers x and y, [m] each, of the cells of each field, by `Field.place`; and
        sentences about rows that join no field, fields without cells, and fields that
        the table does not tell apart, which have none then.
    """
    keys = _keys_of_images(centers)
    owners: dict[Key, list[Field]] = collections.defaultdict(list)
    for field in fields:
        for key in _keys_of_field(field, centers):
            if key in keys:
                owners[key].append(field)
    joined: dict[Key, list[int]] = {field.place: [] for field in fields}
    problems, used = list(centers.problems), set()
    for key, owning in owners.items():
        if len({field.place for field in owning}) > 1:
            names = show_names([field.name for field in owning])
            problems.append(
                f'{centers.path} does not tell apart the fields {names}: both are '
                f'{"/".join(key)} there'
            )
            continue
        joined[owning[0].place] += keys[key]
        used |= set(keys[key])
    problems += _report(centers, fields, joined, used)
    found = {place: centers.of_images(images) for place, images in joined.items()}
    return found, problems


def _report(
    centers: Centers,
    fields: Sequence[Field],
    joined: dict[Key, list[int]],
    used: set[int],
) -> Iterator[str]:
    counts = np.diff(centers.starts)
    unused = [image for image in range(len(counts)) if image not in used]
    if lost := int(counts[unused].sum()):
        first = unused[0]
        columns = centers.files or centers.place
        where = ', '.join(f'{name} {values[first]}' for name, values in columns.items())
        yield f'{centers.path}: {lost} rows join no field, the first of them: {where}'
    empty = [field.name for field in fields if not joined[field.place]]
    if empty:
        yield f'{centers.path} has no cells in the fields {show_names(empty)}'


def _keys_of_images(centers: Centers) -> dict[Key, list[int]]:
    """The images of each key; one has a file for each channel."""
    images: dict[Key, list[int]] = collections.defaultdict(list)
    for values in centers.files.values():
        for image, name in enumerate(values):
            if name:
                images[_file_key(name)].append(image)
    if not centers.files:
        for image, key in enumerate(zip(*centers.place.values(), strict=True)):
            images[key].append(image)
    return images


def _keys_of_field(field: Field, centers: Centers) -> set[Key]:
    if not centers.files:
        place = dict(
            plate=field.plate.strip(),
            well=canonical_well(field.well),
            field=tidy_field(field.field),
        )
        return {tuple(place[part] for part in centers.place)}
    keys = set()
    for plane in field.planes.values():
        frame = [] if plane.index is None else [f'_{plane.index + 1}']
        folders, name = _file_key(str(plane.path))[:-1], _stem(plane.path.name)
        # A file with several fields is named with the number of the image in it.
        for ending in frame or ['']:
            full = (*folders, name + ending)
            keys |= {full[-parts:] for parts in range(1, PARTS + 1)}
    return keys


def _file_key(name: str) -> Key:
    """The parts of a path as any system writes it, without the ending of the file."""
    path = PurePosixPath(name.strip().replace('\\', '/'))
    folders = [part for part in path.parts[:-1] if part not in '/.']
    return (*folders, _stem(path.name))[-PARTS:]


def _stem(name: str) -> str:
    for ending in ('.ome.tiff', '.ome.tif', '.ome.zarr'):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return PurePosixPath(name).stem
