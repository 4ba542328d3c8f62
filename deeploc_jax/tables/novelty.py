"""The table of how well cells of classes never seen are detected."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema

NOVELTY = TableSchema(
    'novelty.parquet',
    'configs/novelty.py',
    'One row per group of test cells, for each set of features and each score.',
    (
        Column('features', TEXT, 'Name of the folder with the features.'),
        Column('score', TEXT, 'Kind of novelty score.'),
        Column(
            'name',
            TEXT,
            'Class of the cells; "known" for all known classes, "all new" for all that '
            'the score never saw.',
        ),
        Column('cells', pa.int64(), 'Number of test cells.', 'cells'),
        Column(
            'auroc',
            pa.float64(),
            'Area under the ROC curve of these cells against the known ones; null for '
            'the known ones themselves.',
        ),
        Column('flagged', pa.float64(), 'Share of the cells above the threshold.'),
    ),
)
