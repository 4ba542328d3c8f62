"""Task `prepare`: puts a screen on disk as a TFDS data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import ml_collections

from deeploc_jax.command_line import require
from deeploc_jax.data.next_command import next_command
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.processes import available_processors
from deeploc_jax.screens.cells import SIDE
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.inventory import Inventory
from deeploc_jax.screens.micrographs.crop_parts import cut_parts_missing
from deeploc_jax.screens.micrographs.crop_table import (
    TABLE,
    describe_pixel_types,
    write_crop_table,
)
from deeploc_jax.screens.scoring.asked_cells import read_asked
from deeploc_jax.screens.scoring.field_cells import SET_ASIDE, Cutting
from deeploc_jax.screens.scoring.finish import SET_ASIDE_FILE, write_set_aside
from deeploc_jax.screens.scoring.given import with_given
from deeploc_jax.screens.scoring.lamps import with_lamps
from deeploc_jax.screens.scoring.parts import cut_parts
from deeploc_jax.workdir.record import short

INCOMPLETE = 3
"""Exit status of a preparation that used what it could, but set fields aside."""


def run(config: ml_collections.ConfigDict, workdir: Path) -> int:
    """Prepares `config.screen` and says where it is and how to load it.

    Returns:
        The exit status: 0, or `INCOMPLETE` where fields of a plate were set aside.

    Raises:
        ValueError: Something that only the user can say is not given, or cannot be so.
    """
    name, options, incomplete = config.screen, {}, False
    if 'own_screen' in config:
        options = own_screen_options(config)
        name = f'own_screen/{options.pop("name")}'
    elif 'fields' in config:
        inventory = inventory_of(config)
        print(inventory.describe())
        if config.dry_run:
            return 0
        rows = cut_fields(config, inventory, workdir) if is_main() else []
        options = table_options(config, inventory, workdir, rows)
        name = f'own_screen/{config.name}'
        unused = any(row['status'] == SET_ASIDE for row in rows)
        incomplete = unused or bool(inventory.set_aside)
    builder = open_screen(name, config.data_dir, config.manual_dir, **options)
    if not is_main():
        return 0
    screen = describe_screen(builder)
    sizes = ', '.join(f'{split} {n:,}' for split, n in screen.splits.items())
    where = {'data_dir': config.data_dir} if config.data_dir else {}
    load = {'split': next(iter(screen.splits)), **where}
    arguments = ', '.join(f'{field}={value!r}' for field, value in load.items())
    print(
        f'\nPrepared {screen.full_name}: {sizes} cells in {builder.data_path}\n'
        f'{next_command(screen, name, config.data_dir)}\n'
        'Load it:      import tensorflow_datasets as tfds, deeploc_jax.datasets; '
        f'tfds.data_source({name!r}, {arguments})'
    )
    return INCOMPLETE if incomplete else 0


def inventory_of(config: ml_collections.ConfigDict) -> Inventory:
    """The fields of micrographs, as they are understood.

    Raises:
        ValueError: No fields, name or channels are given, or they cannot be used.
    """
    require(
        config,
        fields='<table of fields, or pattern of file names>',
        name='<name>',
        channels='protein=<channel>,marker=<channel>',
    )
    return describe_fields(
        config.fields,
        channels=config.channels,
        channel_names=config.channel_names,
        plate_map=config.plate_map,
        pixel_size=config.pixel_size,
        screen=config.name,
    )


def cut_fields(
    config: ml_collections.ConfigDict, inventory: Inventory, workdir: Path
) -> list[dict[str, Any]]:
    """Cuts the cells of all fields out and writes the table of their crops.

    Returns:
        What became of each field, as in `fields.parquet`; `set_aside.csv` has the
        reasons for those that were set aside.
    """
    options, given = read_asked(config.cells.to_dict(), inventory)
    cutting = Cutting(options, inventory.channels, SIDE, config.crop_pixel_size)
    parts = cut_parts(inventory.fields, config.fields_per_part)
    parts, notes = with_given(parts, **given)
    print(''.join(f'{note}\n' for note in notes), end='')
    if config.illumination:
        parts = with_lamps(workdir, parts, inventory.fields, config.camera_offset)
    workers = available_processors() if config.workers is None else config.workers
    files = cut_parts_missing(workdir, parts, cutting, workers)
    rows = write_crop_table(workdir, files)
    write_set_aside(workdir / SET_ASIDE_FILE, rows, inventory.set_aside)
    unused = [row for row in rows if row['status'] == SET_ASIDE]
    kept = sum(row.get('n_cells', 0) - row.get('n_border', 0) for row in rows)
    print(
        f'{kept:,} cells of {len(rows) - len(unused):,} fields; set aside: '
        f'{len(unused) + len(inventory.set_aside):,} fields, and cells at the border; '
        f'reasons: {short(workdir / SET_ASIDE_FILE)}'
    )
    if warning := describe_pixel_types(rows):
        print(warning)
    return rows


def table_options(
    config: ml_collections.ConfigDict,
    inventory: Inventory,
    workdir: Path,
    rows: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Keyword arguments of `OwnScreen` for the table of crops in a workdir.

    Raises:
        ValueError: Fields differ in their pixel size, and crops would.
    """
    sizes = sorted({size for row in rows if (size := row.get('pixel_size'))})
    if len(sizes) > 1 and not config.crop_pixel_size:
        raise ValueError(
            f'The fields have pixels of {", ".join(f"{size:g}" for size in sizes)} '
            'micrometers: say --config.crop_pixel_size, to which all are brought.'
        )
    return dict(
        table=workdir / TABLE,
        channels=inventory.roles,
        channel_names=list(inventory.channels),
        group_by=config.group_by,
        classes=config.classes,
        pixel_size=config.crop_pixel_size or next(iter(sizes), None),
    )


def own_screen_options(config: ml_collections.ConfigDict) -> dict[str, Any]:
    """Keyword arguments of `OwnScreen` from what was typed on the command line.

    Raises:
        ValueError: Table, name or channels are missing.
    """
    roles = 'protein=<channel>,marker=<channel>'
    examples = dict(table='<file>', name='<name>', channels=roles)
    require(config, **{f'own_screen.{name}': text for name, text in examples.items()})
    options = config.own_screen.items()
    return {name: value for name, value in options if value is not None}
