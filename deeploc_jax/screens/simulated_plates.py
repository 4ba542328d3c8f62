"""Simulated plates are written as images, masks and tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax import simulate
from deeploc_jax.files import atomic_write
from deeploc_jax.images.ome_tiff import write_micrograph

README = """SIMULATED plates: screen {screen} of deeploc_jax, simulation {version}.
{description}

images/  fields, one folder per plate, uint16 OME-TIFF with channel names and pixel size
masks/   files of the same names; 0 or the number of the cell that is there
wells.csv    one row per well: condition, protein and its truth (below), and the class
             of its cells (label)
images.csv   one row per field: image and mask
cells.parquet  one row per cell: number in the mask (cell), x and y in pixels,
             condition, label ('' for none), state (live, dead, or ghost: no cell at
             all), whether its crop is in the data set yeast_sim/{screen} (wanted),
             protein and its truth, stage of the bud, radius of mother and bud and
             height above the focus in units of {unit} micrometers, number of vacuoles,
             and
  brightness   abundance in this very cell: that of its protein times the cell's factor.
             A dead cell or debris has that of the light it gives, empty background has
             0. The lamp of the plate is not included.
  brightness_factors  factors of this very cell on the light of each channel, in the
             order of the image; 1 for bright field, small for markers all but lost
fields/      the same table, one file per field; a field with such a file is complete

The truth of a protein, in wells.csv and cells.parquet. Dead cells and ghosts have that
of the protein that they would carry.
  effect       effect of the screen's conditions on it: none, moves or abundance
  origin       localization before any treatment; its class is origin_label
  destination  localization it moves to, its origin if it does not move; its class is
             destination_label
  localization, second, share  localizations in this condition: the share (0 to 1) is
             at localization, which is the origin; the rest is at second, which is the
             destination of a mover and the other place of a mixture
  label        class of the larger part; of the origin when they are equal
  abundance    abundance in this condition, photoelectrons per pixel of a filled cell
  fold_change  that abundance divided by the one before any treatment
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
    write_micrograph(workdir / 'images' / stem, field.image, names, size)
    mask = field.mask[..., None]
    write_micrograph(workdir / 'masks' / stem, mask, ['cell'], size)
    rows = [
        dict(
            plate=spec.plate.name,
            well=spec.well,
            field=spec.name,
            cell=number,
            condition=spec.condition,
            **simulate.labels_of(screen.classes, cell),
            **cell,
        )
        for number, cell in enumerate(field.cells, start=1)
    ]
    table = pa.Table.from_pylist(rows)
    path = cells_path(workdir, spec)
    atomic_write(path, lambda temporary: pq.write_table(table, temporary))


def write_tables(
    workdir: Path, specs: list[simulate.FieldSpec], screen: simulate.Screen
) -> None:
    """Writes `wells.csv`, `images.csv` (one row per field) and `README.txt`."""
    text = README.format(
        screen=screen.name,
        description=screen.description,
        version=simulate.VERSION,
        unit=simulate.UNIT,
    )
    atomic_write(workdir / 'README.txt', lambda path: path.write_text(text))
    wells = {(spec.plate.name, spec.well): _well(spec, screen) for spec in specs}
    _write_csv(workdir / 'wells.csv', wells.values())
    images = (
        dict(
            plate=spec.plate.name,
            well=spec.well,
            field=spec.name,
            image=f'images/{spec.plate.name}/{spec.name_of_image}.ome.tif',
            mask=f'masks/{spec.plate.name}/{spec.name_of_image}.ome.tif',
        )
        for spec in specs
    )
    _write_csv(workdir / 'images.csv', images)


def _well(spec: simulate.FieldSpec, screen: simulate.Screen) -> dict[str, Any]:
    truth = spec.protein.truth()
    return dict(
        plate=spec.plate.name,
        well=spec.well,
        condition=spec.condition,
        split=spec.split,
        **simulate.labels_of(screen.classes, truth | {'state': 'live'}),
        **truth,
    )


def _write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)

    def write(temporary: Path) -> None:
        with temporary.open('w', newline='') as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)

    atomic_write(path, write)
