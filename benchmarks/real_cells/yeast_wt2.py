"""Published crops of 1,220 real cells become tables, one for each test field.

    python -m benchmarks.real_cells.yeast_wt2 --cells=cells.npz --folder=tables
    python launch.py --config=configs/prepare.py:own_screen \
        --config.own_screen.table=tables/localization_1.csv \
        --config.own_screen.name=wt2_localization_1 \
        --config.own_screen.channels=protein=GFP,marker=RFP \
        --config.own_screen.channel_names=RFP,GFP \
        --config.own_screen.group_by=field
    python launch.py --config=configs/deeploc.py:small \
        --config.screen=own_screen/wt2_localization_1

The archive holds `image` (n, 64, 64, 2; marker, protein), `protein`, `field`,
`localization` and `name` of each cell: five proteins of the WT2 screen of Chong et al.
2015, from the example images of https://github.com/alexxijielu/paired_cell_inpainting.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from absl import app, flags

from deeploc_jax.files import atomic_write

_CELLS = flags.DEFINE_string('cells', 'cells.npz', 'Archive of cells.')
_FOLDER = flags.DEFINE_string('folder', 'tables', 'Folder for the tables.')

FIELDS = (1, 2, 3)
LABELS = ('localization', 'protein')
SCREEN = ('untreated', '2')  # WT2: the second of three screens of untreated wild type


def main(argv: list[str]) -> None:
    """Writes a table for each label and each test field."""
    del argv
    path = Path(_CELLS.value).absolute()
    with np.load(path, allow_pickle=False) as archive:
        cells = {name: archive[name] for name in ('name', 'field', *LABELS)}
    for label in LABELS:
        for field in FIELDS:
            table = Path(_FOLDER.value, f'{label}_{field}.csv')
            print(write_table(table, path, cells, label, field))


def write_table(
    table: Path, image: Path, cells: dict[str, np.ndarray], label: str, test: int
) -> Path:
    """Writes one row per cell: one field for test, the next for validation.

    Crops of one field overlap, so that fields are never divided.
    """
    names = {test: 'test', test % len(FIELDS) + 1: 'validation'}
    header = ('cell_id', 'image', 'index', 'label', 'split', 'field', 'protein')
    header += ('condition', 'replicate')
    rows = [
        (name, image, index, kind, names.get(int(field), 'train'), field, protein)
        + SCREEN
        for index, (name, kind, field, protein) in enumerate(
            zip(
                cells['name'],
                cells[label],
                cells['field'],
                cells['protein'],
                strict=True,
            )
        )
    ]

    def write(path: Path) -> None:
        with path.open('w', newline='', encoding='utf-8') as file:
            csv.writer(file).writerows([header, *rows])

    return atomic_write(table, write)


if __name__ == '__main__':
    app.run(main)
