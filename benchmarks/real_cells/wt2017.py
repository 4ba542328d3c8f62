"""Fields of the other microscope become crops of 819 real cells, without GFP.

    python -m benchmarks.real_cells.wt2017 --fields=<images and masks> --folder=tables
    python launch.py --config=configs/prepare.py:own_screen \
        --config.own_screen.table=tables/wt2017.csv \
        --config.own_screen.name=wt2017_blank \
        --config.own_screen.channels=protein=GFP,marker=far_red,other=nucleus \
        --config.own_screen.channel_names=GFP,far_red,nucleus \
        --config.own_screen.group_by=field
    python launch.py --config=configs/realism.py \
        --config.real.screen=own_screen/wt2017_blank --config.real.split=train+test \
        --config.simulated.screen=yeast_sim/other_microscope

The fields are the example images of https://github.com/BooneAndrewsLab/CycleNET: three
of 1080 x 1080 pixels, with the centers of the cells. Nothing is tagged in this strain,
so that the protein's channel holds the light of the cells themselves: class NONE. The
simulated screen has 818 cells of this class, and as many real ones are compared.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import tifffile
from absl import app, flags

from deeploc_jax.files import atomic_write

_FIELDS = flags.DEFINE_string('fields', '.', 'Folder with `images` and `masks`.')
_FOLDER = flags.DEFINE_string('folder', 'tables', 'Folder for the table and crops.')

FIELDS = {1: 'train', 2: 'train', 3: 'test'}
CHANNELS = (1, 3, 2)  # GFP, cytosol, nucleus: their numbers in the file names
HALF = 32  # pixels


def main(argv: list[str]) -> None:
    """Writes the crops and the table."""
    del argv
    folder = Path(_FOLDER.value)
    crops, rows = [], []
    for field, split in FIELDS.items():
        for crop in cells_of(Path(_FIELDS.value), field):
            rows.append((f'{field}_{len(crops)}', len(crops), field, split))
            crops.append(crop)
    images = folder / 'wt2017.npz'
    atomic_write(images, lambda path: np.savez(path, image=np.stack(crops)))
    print(atomic_write(folder / 'wt2017.csv', lambda path: write_table(path, rows)))


def cells_of(folder: Path, field: int) -> list[np.ndarray]:
    """Crops [64, 64, 3] around the centers of a field, without those that leave it."""
    name = f'r01c01f{field:02d}p01'
    planes = [folder / f'images/{name}-ch{c}sk1fk1fl1.tiff' for c in CHANNELS]
    image = np.stack([tifffile.imread(path) for path in planes], axis=-1)
    table = np.genfromtxt(folder / f'masks/{name}_centers.csv', delimiter=',')
    found = []
    for column, row in np.round(table[1:]).astype(int):  # the first is a header
        inside = min(row, column) >= HALF and row <= len(image) - HALF
        if inside and column <= image.shape[1] - HALF:
            rows, columns = (slice(c - HALF, c + HALF) for c in (row, column))
            found.append(image[rows, columns])
    return found


def write_table(path: Path, rows: list[tuple]) -> None:
    """Writes one row per cell."""
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(('cell_id', 'image', 'index', 'label', 'field', 'split'))
        for name, index, field, split in rows:
            writer.writerow((name, 'wt2017.npz', index, 'NONE', field, split))


if __name__ == '__main__':
    app.run(main)
