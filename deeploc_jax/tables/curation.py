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
LEARNING = TableSchema(
    'learning.csv',
    'configs/curate.py',
    'One row per point of the learning curve of each round of training; the last of a '
    'round is with all that was decided until then. All points of a round are tested '
    'on the same cells.',
    (
        Column('round', pa.int64(), 'Number of the round, from 1.'),
        Column('network', TEXT, "Beginning of the page's network's digest."),
        Column('decided', pa.int64(), 'Cells that had been decided on.', 'cells'),
        Column('cells', pa.int64(), 'Labelled cells that were learned from.', 'cells'),
        Column('classes', pa.int64(), 'Classes of these.'),
        Column(
            'tested',
            pa.int64(),
            'Cells that it was tested on: those decided on, whose class is known.',
            'cells',
        ),
        Column(
            'left_out',
            TEXT,
            'What was left out as a whole in cross-validation: protein, well, field or '
            'cell.',
        ),
        Column(
            'accuracy',
            pa.float64(),
            'Accuracy on the cells tested, of fits that saw none of their groups; mean '
            'over three divisions into five folds. Empty where none was tested.',
        ),
        Column(
            'error',
            pa.float64(),
            'Standard error of the accuracy, were other groups tested. Empty where '
            'there is one.',
        ),
        Column(
            'gain_error',
            pa.float64(),
            'Standard error of the difference to the point before, on the same cells. '
            'Empty for the first point.',
        ),
        Column(
            'most_frequent',
            pa.float64(),
            'Share of the most frequent class among the cells tested: the accuracy of '
            'calling all of them that.',
        ),
        Column('time', TEXT, 'Time of the round, UTC.'),
    ),
)
