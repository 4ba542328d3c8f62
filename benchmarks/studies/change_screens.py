"""Alpha-factor screens of any seed are simulated, and their cells scored, for studies.

    python -m benchmarks.studies.change_screens --folder=runs/screens --seeds=11,12

A screen has a folder for each seed, with a table of cells for every replicate and
condition and `truth.csv`, a row a protein. A table that is there is not made again. To
save time, crops are cut from images a sixth as large as a field, with as many cells an
area. Outlines are the simulator's own: measured in them, intensities have no errors
of segmentation.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from absl import app, flags

import deeploc_jax
from deeploc_jax import simulate
from deeploc_jax.files import atomic_write
from deeploc_jax.predict.predictor import Predictor
from deeploc_jax.simulate.crops import OWN
from deeploc_jax.tables.cell_columns import predicted_values
from deeploc_jax.tables.parquet import class_metadata, write_table
from deeploc_jax.types import METADATA

FOLDER = flags.DEFINE_string('folder', 'runs/screens', 'Folder of the screens.')
_SEEDS = flags.DEFINE_list('seeds', ['11'], 'Seeds of the screens.')
_REPLICATES = flags.DEFINE_integer('replicates', 3, 'Replicates of each screen.')
_CELLS = flags.DEFINE_integer('cells', 7000, 'Cells of each condition and replicate.')
_SOURCE = flags.DEFINE_string('source', 'lean-sim', 'Network that names the cells.')

CONDITIONS = ('untreated', 'alpha_120')
SHAPE = (400, 480)  # pixels of the images that crops are cut from
TRUTH = ('protein', 'effect', 'origin', 'destination', 'fold_change')
PROTEIN, CYTOSOL = 'GFP', 'RFP'


def main(argv: list[str]) -> None:
    """Makes what is missing, replicate by replicate."""
    del argv
    network = deeploc_jax.load(_SOURCE.value)
    for replicate in range(1, _REPLICATES.value + 1):
        for seed in map(int, _SEEDS.value):
            folder = Path(FOLDER.value, str(seed))
            make_replicate(folder, screen_of(seed, replicate, _CELLS.value), network)
            print(f'seed {seed}, replicate {replicate}: done', flush=True)


def screen_of(seed: int, replicate: int, num_cells: int) -> simulate.Screen:
    """The simulated alpha-factor screen with the proteins of a seed."""
    (screen,) = (s for s in simulate.SCREENS if s.name == 'alpha_factor')
    return dataclasses.replace(
        screen, seed=seed, replicate=replicate, num_cells=num_cells
    )


def make_replicate(folder: Path, screen: simulate.Screen, network: Predictor) -> None:
    """Writes the tables of a replicate that are missing, and the truth."""
    specs = simulate.screen_layout(screen)
    paths = {
        name: folder / f'replicate_{screen.replicate}_{name}.parquet'
        for name in CONDITIONS
    }
    missing = [name for name, path in paths.items() if not path.exists()]
    wanted = [spec for spec in specs if spec.condition in missing]
    if wanted:
        table = scored_cells(wanted, network)
        for name in missing:
            mine = np.array(table['condition'].to_pylist()) == name
            write_table(table.filter(pa.array(mine)), paths[name])
    last = [spec.protein for spec in specs if spec.condition == CONDITIONS[-1]]
    write_truth(folder / 'truth.csv', {p.name: p.truth() for p in last})


def scored_cells(specs: Sequence[simulate.FieldSpec], network: Predictor) -> pa.Table:
    """A row for each cell: metadata, probabilities, mean intensities."""
    rows: list[dict[str, Any]] = []
    images: list[np.ndarray] = []
    for crops in simulate.simulate_many(crops_of, specs):
        images += [crop.image for crop in crops]
        rows += [describe(crop) for crop in crops]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    names = network.class_names
    values = network.predict(np.stack(images), crops=1)
    table = pa.table(columns | predicted_values(values, names))
    return table.replace_schema_metadata(class_metadata(names))


def crops_of(spec: simulate.FieldSpec) -> list[simulate.Crop]:
    """Crops of the wanted cells of a field, as it is on a smaller chip."""
    rows, columns = spec.plate.instrument.field_shape
    instrument = dataclasses.replace(spec.plate.instrument, field_shape=SHAPE)
    plate = dataclasses.replace(spec.plate, instrument=instrument)
    crowd = round(spec.crowd * SHAPE[0] * SHAPE[1] / rows / columns)
    return simulate.simulate_crops(dataclasses.replace(spec, plate=plate, crowd=crowd))


def describe(crop: simulate.Crop) -> dict[str, Any]:
    """Metadata and measured intensities of a cell."""
    spec, own = crop.spec, crop.mask == OWN
    row = dict(
        dict.fromkeys(METADATA, ''),
        cell_id=f'{spec.condition}-{spec.replicate}-{crop.index}',
        screen=f'alpha_factor_{spec.seed[0]}',
        condition=spec.condition,
        replicate=spec.replicate,
        plate=spec.plate.name,
        well=spec.well,
        field=spec.name,
        protein=spec.protein.name,
        x=np.float32(crop.truth['x']),
        y=np.float32(crop.truth['y']),
        label=-1,
        label_name='',
    )
    # A ghost has no outline; there is no measuring it.
    names = [channel.name for channel in spec.plate.instrument.channels]
    for index, name in enumerate(names):
        plane = crop.image[..., index].astype(np.float32)
        inside, outside = plane[own], plane[crop.mask == 0]
        mean = inside.mean() if inside.size else np.nan
        empty = np.median(outside) if outside.size else np.nan
        row |= {f'mean_{name}': mean, f'corrected_{name}': mean - empty}
    return row


def write_truth(path: Path, proteins: dict[str, dict[str, Any]]) -> None:
    """What the treatment does to each protein, sorted by name."""

    def write(temporary: Path) -> None:
        with temporary.open('w', newline='') as file:
            writer = csv.DictWriter(file, TRUTH, extrasaction='ignore')
            writer.writeheader()
            writer.writerows(proteins[name] for name in sorted(proteins))

    atomic_write(path, write)


if __name__ == '__main__':
    app.run(main)
