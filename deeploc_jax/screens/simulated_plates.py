"""Simulated plates are written as images, masks and tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deeploc_jax import simulate
from deeploc_jax.files import atomic_write
from deeploc_jax.images import write_ome_tiff
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import TableSchema, in_text, rows_to_table
from deeploc_jax.tables.simulated import IMAGES, SIMULATED_CELLS, WELLS

README = """SIMULATED plates: screen {screen} of deeploc_jax, simulation {version}.
{description}

images/  fields, one folder per plate, uint16 OME-TIFF with channel names and pixel size
masks/   the same names; 0 or the number of the cell that is there
fields/  rows of cells.parquet, one file per field; a field with such a file is complete

{tables}
"""


def cells_path(workdir: Path, spec: simulate.FieldSpec) -> Path:
    """Path of the table of a field's cells, which is written last."""
    return workdir / 'fields' / f'{spec.name_of_image}.parquet'


def write_field(
    workdir: Path, screen: simulate.Screen, spec: simulate.FieldSpec
) -> None:
    """Simulates one field and writes its image, its mask and its table of cells."""
    field, instrument = simulate.simulate_field(spec), screen.instrument
    names = [channel.name for channel in instrument.channels]
    size = simulate.UNIT / instrument.scale
    stem = f'{spec.plate.name}/{spec.name_of_image}.ome.tif'
    write_ome_tiff(workdir / 'images' / stem, field.image, names, (size, size))
    mask = field.mask[..., None]
    write_ome_tiff(workdir / 'masks' / stem, mask, ['cell'], (size, size))
    rows = [
        dict(
            _place(spec, screen),
            field=spec.name,
            cell=number,
            **simulate.labels_of(screen.classes, cell),
            **cell,
        )
        for number, cell in enumerate(field.cells, start=1)
    ]
    table = rows_to_table(rows, SIMULATED_CELLS.arrow())
    write_table(table, cells_path(workdir, spec))


def write_tables(
    workdir: Path, specs: list[simulate.FieldSpec], screen: simulate.Screen
) -> None:
    """Writes wells.csv, images.csv and README.txt."""
    text = README.format(
        screen=screen.name,
        description=screen.description,
        version=simulate.VERSION,
        tables='\n\n'.join(map(in_text, (WELLS, IMAGES, SIMULATED_CELLS))),
    )
    atomic_write(workdir / 'README.txt', lambda path: path.write_text(text))
    wells = {
        tuple(_place(spec, screen).values()): _well(spec, screen) for spec in specs
    }
    _write_csv(workdir, WELLS, wells.values())
    images = (
        dict(
            _place(spec, screen),
            field=spec.name,
            image=f'images/{spec.plate.name}/{spec.name_of_image}.ome.tif',
            mask=f'masks/{spec.plate.name}/{spec.name_of_image}.ome.tif',
        )
        for spec in specs
    )
    _write_csv(workdir, IMAGES, images)


def _place(spec: simulate.FieldSpec, screen: simulate.Screen) -> dict[str, str]:
    """Columns that distinguish a well from all others."""
    return dict(
        screen=screen.name,
        condition=spec.condition,
        replicate=spec.replicate,
        plate=spec.plate.name,
        well=spec.well,
    )


def _well(spec: simulate.FieldSpec, screen: simulate.Screen) -> dict[str, Any]:
    truth = spec.protein.truth()
    return dict(
        _place(spec, screen),
        split=spec.split,
        **simulate.labels_of(screen.classes, truth | {'state': 'live'}),
        **truth,
    )


def _write_csv(
    workdir: Path, schema: TableSchema, rows: Iterable[Mapping[str, Any]]
) -> None:
    def write(temporary: Path) -> None:
        with temporary.open('w', newline='') as file:
            writer = csv.DictWriter(file, [column.name for column in schema.columns])
            writer.writeheader()
            writer.writerows(rows)

    atomic_write(workdir / schema.path, write)
