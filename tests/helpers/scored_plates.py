"""A scored screen that is made up, with flagged fields and fields set aside."""

from __future__ import annotations

import json

import numpy as np

from deeploc_jax.tables.parquet import CHANNELS, write_table
from deeploc_jax.tables.schema import rows_to_table
from deeploc_jax.tables.scored_cells import FIELDS_SCORED, scored_cells_table

CLASSES = ('CYTOPLASM', 'ER', 'GOLGI', 'MITOCHONDRIA', 'NUCLEI', 'VACUOLE', 'ACTIN')
CLASSES += ('PEROXISOME', 'DEAD')
NAMES = ('GFP', 'RFP')


def write_scored_plates(folder, plates, seed=0):
    """Writes fields.parquet, cells.parquet and run.json.

    Args:
        folder: The workdir.
        plates: Names of the plates -> names of their wells.
        seed: Seed of the numbers.
    """
    rng = np.random.default_rng(seed)
    fields, number = [], 0
    for plate, wells in plates.items():
        cells = []
        for well in wells:
            protein, favorite = f'YFG{number}', int(rng.integers(len(CLASSES) - 1))
            number += 1
            for field in ('1', '2'):
                row = _field(rng, plate, well, field, protein)
                fields.append(row)
                if row['status'] == 'scored':
                    cells += [(row, favorite)] * row['n_cells']
        _write_cells(folder / 'cells.parquet' / f'{plate}.parquet', cells, rng)
    about = {CHANNELS: json.dumps(NAMES)}
    schema = FIELDS_SCORED.arrow({'CHANNEL': NAMES}, about)
    write_table(rows_to_table(fields, schema), folder / 'fields.parquet')
    (folder / 'run.json').write_text('{}')
    return fields


def _field(rng, plate, well, field, protein):
    row = dict(screen='s', condition='', replicate='1', plate=plate, well=well)
    row |= dict(field=field, protein=protein, flags=[], flag_reasons=[])
    if rng.random() < 0.02:
        return row | dict(status='set_aside', stage='read', reason='is cut off')
    bad = rng.random() < 0.06
    row |= dict(status='scored', n_cells=int(rng.integers(5, 30)), n_border=2)
    row |= dict(focus_GFP=rng.normal(-1, 0.2), focus_RFP=rng.normal(-1 - bad, 0.1))
    row |= dict(brightness_GFP=rng.gamma(2, 200), brightness_RFP=rng.normal(600, 50))
    row |= dict(saturated_GFP=0.0, saturated_RFP=0.0)
    if bad:
        reason = f'focus_RFP is {row["focus_RFP"]:.3g}, the median of the plate -1'
        row |= dict(flags=['out_of_focus'], flag_reasons=[reason])
    return row


def _write_cells(path, cells, rng):
    n, k = len(cells), len(CLASSES)
    p = 0.3 * rng.dirichlet(np.ones(k), n)
    p[np.arange(n), [favorite for _, favorite in cells]] += 0.7
    dead = rng.random(n) < 0.04
    p[dead] = np.eye(k)[-1]
    scored = np.arange(n) % 9 > 0
    names = ('screen', 'condition', 'replicate', 'plate', 'well', 'field', 'protein')
    columns = {name: [row[name] for row, _ in cells] for name in names}
    columns |= dict(cell_id=[f'{path.stem}-{i}' for i in range(n)])
    columns |= dict(label=np.full(n, -1), label_name=[''] * n, border=~scored)
    columns['flags'] = [
        ['border'] if not s else ['dead'] if d else []
        for s, d in zip(scored, dead, strict=True)
    ]
    for name in ('x', 'y', 'area', 'major_axis', 'minor_axis', 'orientation'):
        columns[name] = np.ones(n, np.float32)
    for start in ('mean', 'integrated', 'corrected'):
        columns |= {f'{start}_{c}': np.ones(n, np.float32) for c in NAMES}
    table = scored_cells_table(columns, scored, p[scored], None, CLASSES, NAMES)
    write_table(table, path)
