"""The fields of a screen are listed, however they are described."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deeploc_jax.data.own.table_file import READERS
from deeploc_jax.images import OPENERS
from deeploc_jax.images.zarr_folders import is_zarr
from deeploc_jax.screens.fields.channels import Channels, read_channels
from deeploc_jax.screens.fields.doubles import without_doubles
from deeploc_jax.screens.fields.field_table import list_table
from deeploc_jax.screens.fields.file_contents import list_file
from deeploc_jax.screens.fields.inventory import Inventory
from deeploc_jax.screens.fields.listing import UNMATCHED, Listing
from deeploc_jax.screens.fields.map_join import join_plate_map
from deeploc_jax.screens.fields.pattern import is_pattern, parse_pattern
from deeploc_jax.screens.fields.pattern_files import list_pattern
from deeploc_jax.screens.fields.plate_map import read_plate_map
from deeploc_jax.screens.fields.plates import name_apart, sort_fields
from deeploc_jax.screens.fields.samples import look_at_samples
from deeploc_jax.tables.simulated import IMAGES, WELLS

SIMULATED = (IMAGES.path, WELLS.path)
"""Table and map that `configs/simulate.py` writes into a folder."""


def describe_asked(config: Mapping[str, Any]) -> Inventory:
    """Describes the fields that a config of configs/score.py asks for.

    Args:
        config: The fields of the config; those that are missing have no value.
    """
    names = ('channels', 'channel_names', 'plate_map', 'pixel_size', 'screen')
    options = {name: config.get(name) for name in names}
    return describe_fields(config['fields'], **options)


def describe_fields(
    source: str,
    *,
    channels: str | None,
    channel_names: str | None = None,
    plate_map: str | None = None,
    pixel_size: float | None = None,
    screen: str | None = None,
) -> Inventory:
    """Finds the fields of a screen. Of each plate, a few files are opened.

    Args:
        source: A table of fields (.csv, .tsv, .txt, .parquet), a pattern of file names
            with parts in braces, an OME-Zarr plate, an image file with several fields,
            or the folder of simulated plates.
        channels: Roles of the channels by name: 'protein=GFP,marker=RFP'.
        channel_names: Names of the channels in the order of files that hold all of
            them, 'RFP,GFP', or names by what the file names call them, '1=GFP,2=RFP';
            None where the files and their names say it.
        plate_map: Table of the wells; None without one, or for simulated plates.
        pixel_size: Side of a pixel in micrometers; None: the files say it.
        screen: Name of the screen where the source does not say it.

    Raises:
        FileNotFoundError: A table does not exist.
        ValueError: The source, the map or an option as a whole cannot be used. What is
            wrong with single files and rows goes into `Inventory.problems`.
    """
    stated = read_channels(channels, channel_names)
    if pixel_size is not None and not 0 < pixel_size < float('inf'):
        raise ValueError(f'pixel_size ({pixel_size}) must be above 0 micrometers.')
    listing = _list_fields(source, stated, screen)
    if plate_map is None:
        plate_map = _find_simulated_map(Path(source))
    if plate_map:
        listing = _without_file(listing, source, Path(plate_map))
        listing = join_plate_map(listing, read_plate_map(plate_map))
    sized = (
        dataclasses.replace(field, pixel_size=pixel_size) for field in listing.fields
    )
    listing = dataclasses.replace(listing, fields=sort_fields(sized))
    listing = look_at_samples(without_doubles(listing))
    fields = name_apart(listing.fields)
    inventory = Inventory(source, stated.roles, fields, listing.problems, listing.notes)
    if not inventory.fields:
        raise ValueError(f'No field can be used.\n{inventory.describe()}')
    return inventory


def _list_fields(source: str, channels: Channels, screen: str | None) -> Listing:
    path = Path(source)
    if is_pattern(source):
        return list_pattern(parse_pattern(source), channels, screen)
    if path.suffix.lower() in READERS:
        return list_table(path, channels, screen)
    if (path / SIMULATED[0]).is_file():
        return list_table(path / SIMULATED[0], channels, screen)
    if is_zarr(path) or (path.is_file() and path.suffix.lower() in OPENERS):
        return list_file(path, channels, screen)
    raise ValueError(
        f'{source!r} describes no fields: give a table ({", ".join(READERS)}), or a '
        'pattern of file names such as '
        '"images/{plate}/r{row:02}c{column:02}f{field:02}-ch{channel}.tiff", an '
        'OME-Zarr plate, or an image file with several fields.'
    )


def _without_file(listing: Listing, source: str, path: Path) -> Listing:
    """A listing that does not wonder about a file, which may lie among the images."""
    folder = parse_pattern(source).folder if is_pattern(source) else Path()
    problems = [
        problem
        for problem in listing.problems
        if problem.kind != UNMATCHED
        or (folder / problem.file).resolve() != path.resolve()
    ]
    return dataclasses.replace(listing, problems=tuple(problems))


def _find_simulated_map(source: Path) -> str | None:
    """The map beside the table of simulated plates."""
    folder = source if source.is_dir() else source.parent
    table, plate_map = (folder / name for name in SIMULATED)
    beside = source in (folder, table) and plate_map.is_file()
    return str(plate_map) if beside else None
