"""A table of fields has a row for each, and a column for the file of each channel."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

from deeploc_jax.data.own.cell_files import find_image, missing_hint
from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.data.own.table_file import read_table
from deeploc_jax.names import show_names
from deeploc_jax.screens.fields.channels import Channels
from deeploc_jax.screens.fields.doubles import without_doubles
from deeploc_jax.screens.fields.field import BadFieldError, Field, Plane
from deeploc_jax.screens.fields.file_check import find_file_fault, is_outside
from deeploc_jax.screens.fields.listing import UNUSABLE, Listing, Problem, kind_of
from deeploc_jax.screens.fields.place import make_field, read_place

_HINTED = 20  # missing files for which files of a similar name are looked for
_TIDIED = ('screen', 'row', 'column')  # besides the columns that every table tidies


def list_table(path: Path, channels: Channels, screen: str | None = None) -> Listing:
    """Lists the fields of a table.

    Args:
        path: CSV or Parquet table; its files are relative to its folder.
        channels: Channels of the screen.
        screen: Name of the screen where the table does not say it.

    Raises:
        FileNotFoundError: The table does not exist.
        ValueError: The table as a whole cannot be used.
    """
    table = read_table(path)
    columns = _image_columns(table, channels)
    table.tidy(name for name in _TIDIED if name in table.columns)
    find = functools.lru_cache(1024)(functools.partial(find_image, path.parent))
    problems = [Problem(UNUSABLE, reason, row=row) for row, reason in table.misfits]
    fields: list[tuple[int, Field]] = []
    for number, values in table.rows:
        place: dict[str, str] = {}
        try:
            place = read_place(values, screen)
            planes = {
                name: _read_plane(values, name, column, channels, find)
                for name, column in columns.items()
            }
            _check_files(planes, path.parent, hint=len(problems) < _HINTED)
            fields.append((number, make_field(place, planes)))
        except ValueError as error:
            file = getattr(error, 'file', '')
            reason = getattr(error, 'reason', str(error))
            problems.append(Problem.at(place, kind_of(reason), reason, file, number))
    rows = [number for number, _ in fields]
    listing = Listing(
        tuple(field for _, field in fields), tuple(problems), tuple(table.notes)
    )
    return without_doubles(listing, rows)


def _image_columns(table: CellTable, channels: Channels) -> dict[str, str]:
    """The column with the files of each channel."""
    in_table = table.image_channels
    if not in_table:
        return dict.fromkeys(channels.used, 'image')
    columns = {channels.name(name): f'image_{name}' for name in in_table}
    if missing := channels.missing_in(columns):
        raise ValueError(
            f'{table.path} has no column image_{missing[0]} for the channel '
            f'{missing[0]!r}; its image columns name: {show_names(in_table)}.'
        )
    return {name: columns[name] for name in channels.used}


def _read_plane(
    values: Mapping[str, str],
    name: str,
    column: str,
    channels: Channels,
    find: Callable[[str], Path],
) -> Plane:
    """The plane of a channel that a row names; the file may not be there."""
    if not values[column]:
        raise BadFieldError(f'no file in {column}')
    path = find(values[column])
    if column == 'image':
        order = channels.file_order
        index, number = _read_count(values, 'index'), channels.number(name)
        return Plane(path, index, number, len(order) or None)
    in_table = column.removeprefix('image_')
    index = _read_count(values, f'index_{in_table}')
    index = _read_count(values, 'index') if index is None else index
    return Plane(path, index, _read_count(values, f'channel_{in_table}'))


def _read_count(values: Mapping[str, str], column: str) -> int | None:
    text = values.get(column, '').removesuffix('.0')
    if text and not text.isdecimal():
        raise BadFieldError(f'{column} {text!r} is not a number counted from 0')
    return int(text) if text else None


def _check_files(planes: Mapping[str, Plane], folder: Path, *, hint: bool) -> None:
    for name, plane in planes.items():
        if is_outside(plane.path, folder):
            raise BadFieldError(
                'points outside the folder of the table; put the table into a folder '
                'that holds all images',
                plane.path,
            )
        if fault := find_file_fault(plane.path):
            near = missing_hint(folder, plane.path) if hint else ''
            raise BadFieldError(f'{fault}{near} ({name})', plane.path)
