"""Task `simulate`: whole plates of simulated micrographs, and the truth about them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax
import ml_collections
import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax import simulate
from deeploc_jax.data.micrographs import write_micrograph
from deeploc_jax.files import atomic_write
from deeploc_jax.lookup import check_name
from deeploc_jax.progress import track
from deeploc_jax.tasks.workdir import claim_workdir

UNIT = 0.12  # micrometres
README = """SIMULATED plates: screen {screen} of deeploc_jax.
{description}

images/  fields, a folder a plate, uint16 OME-TIFF with channel names and pixel size
masks/   the same names; 0 or the number of the cell that is there
wells.csv    a row a well: its protein, the class it is labelled with (label), where it
             is (share of it at localization, the rest at second), abundance in
             photoelectrons a pixel of a filled cell, and what the conditions of the
             screen do to it (effect)
images.csv   a row a field: image and mask
cells.parquet  a row a cell: number in the mask (cell), x and y in pixels, label ('' for
             none), state (live, dead, or ghost: no cell at all), whether its crop is in
             the data set yeast_sim/{screen} (wanted), protein as above, stage of the
             bud, radius of mother and bud and height above the focus in units of 0.12
             micrometres, number of vacuoles
fields/      the same, a file a field; a field with such a file is complete
"""


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes the plates of `config.screen`, field by field.

    A field whose table of cells is there is complete, and is not made again.

    Raises:
        ValueError: There is no such screen, or `wells` is below 1.
    """
    screens = {screen.name: screen for screen in simulate.SCREENS}
    check_name('screen', config.screen, screens)
    if config.wells is not None and config.wells < 1:
        raise ValueError(f'wells ({config.wells}) must be at least 1.')
    claim_workdir(workdir, config)
    if jax.process_index():
        return
    screen = screens[config.screen]
    specs = first_wells(simulate.screen_layout(screen), config.wells)
    write_tables(workdir, specs, screen)
    text = README.format(screen=screen.name, description=screen.description)
    atomic_write(workdir / 'README.txt', lambda path: path.write_text(text))
    missing = [spec for spec in specs if not cells_path(workdir, spec).exists()]
    made = simulate.simulate_many(partial(write_field, workdir, screen), missing)
    done = len(specs) - len(missing)
    for _ in track(made, len(specs), 'simulate', initial=done, unit='field'):
        pass
    cells = pa.concat_tables(pq.read_table(cells_path(workdir, s)) for s in specs)
    path = workdir / 'cells.parquet'
    atomic_write(path, lambda temporary: pq.write_table(cells, temporary))
    plates = {spec.plate.name for spec in specs}
    print(
        f'\nSimulated {screen.name}: {len(plates)} plates, {len(specs)} fields, '
        f'{len(cells):,} cells\nImages: {workdir / "images"}\n'
        f'Masks:  {workdir / "masks"} (0 or the number of the cell)\n'
        f'Tables: {workdir}/wells.csv, images.csv, cells.parquet (the truth)'
    )


def first_wells(
    specs: list[simulate.FieldSpec], wells: int | None
) -> list[simulate.FieldSpec]:
    """The fields of the first wells of each plate, or of all."""
    if wells is None:
        return specs
    used = sorted({(spec.plate.name, spec.well) for spec in specs})
    kept: dict[str, list[str]] = {}
    for plate, well in used:
        kept.setdefault(plate, []).append(well)
    return [spec for spec in specs if spec.well in kept[spec.plate.name][:wells]]


def cells_path(workdir: Path, spec: simulate.FieldSpec) -> Path:
    """The table of a field's cells, written last."""
    return workdir / 'fields' / f'{spec.name_of_image}.parquet'


def write_field(
    workdir: Path, screen: simulate.Screen, spec: simulate.FieldSpec
) -> None:
    """Image, mask and cells of one field."""
    field, instrument = simulate.simulate_field(spec), screen.instrument
    names = [channel.name for channel in instrument.channels]
    size = UNIT / instrument.scale
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
            label=simulate.label_of(screen.classes, cell),
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
    """`wells.csv`, a row a well with its protein, and `images.csv`, a row a field."""
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
    protein = spec.protein
    truth = dict(
        localization=protein.localization,
        second=protein.second,
        share=protein.share,
        abundance=protein.abundance,
    )
    return dict(
        plate=spec.plate.name,
        well=spec.well,
        condition=spec.condition,
        protein=protein.name,
        split=spec.split,
        label=simulate.label_of(screen.classes, truth | {'state': 'live'}),
        effect=spec.effect,
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
