"""The tables of a curation: what was decided of cells, and who agreed."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema
from deeploc_jax.types import METADATA

CORRECTIONS = TableSchema(
    'corrections.csv',
    'configs/curate.py',
    'One row per cell that was decided on, which `configs/deeploc.py`, '
    '`configs/transfer.py` and `configs/evaluate.py` take as `labels`.',
    (
        Column('cell_id', TEXT, METADATA['cell_id']),
        Column(
            'label',
            TEXT,
            "Class from now on; '' for an unlabelled cell: one that was discarded, or "
            'of which as many annotators say one thing as another.',
        ),
        Column('kind', TEXT, 'keep, relabel, discard or disputed.'),
        Column('was', TEXT, "Label before; '' for an unlabelled cell."),
        Column('annotators', TEXT, 'Names of those who decided, with commas.'),
        Column('agree', pa.int64(), 'Number of those who say what the row says.'),
        Column('time', TEXT, 'Time of the last decision, UTC.'),
    ),
)
AGREEMENT = TableSchema(
    'agreement.csv',
    'configs/curate.py',
    'One row per pair of annotators and, where there are more, one for all of them.',
    (
        Column('annotators', TEXT, 'Names of the annotators, with commas.'),
        Column('method', TEXT, 'Cohen for two annotators, Fleiss for more.'),
        Column('cells', pa.int64(), 'Cells that all of them decided on.', 'cells'),
        Column('agreed', pa.float64(), 'Share of these that all call the same.'),
        Column(
            'kappa',
            pa.float64(),
            'Agreement beyond chance: 1 is all, 0 is chance; a discarded cell is a '
            'class of its own. Empty where all cells have one class.',
        ),
    ),
)
