"""The table of what degrees of adaptation do to the names of cells."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import Column, TableSchema

ADAPTATION = TableSchema(
    'adapt.parquet',
    'configs/adapt.py',
    'One row per share of the new statistics that was tried.',
    (
        Column('share', pa.float64(), 'Share of the new statistics; 0: as it was.'),
        Column('chosen', pa.bool_(), 'Whether the weights are written with it.'),
        Column('cells', pa.int64(), 'Number of cells judged.', 'cells'),
        Column('groups', pa.int64(), 'Number of proteins, or wells, judged.'),
        Column(
            'information',
            pa.float64(),
            'How much better the other cells of its protein foretell the class of a '
            'cell than all others do; mean over the proteins.',
            'nats',
        ),
        Column('gain', pa.float64(), 'Information less that of share 0.', 'nats'),
        Column(
            'gain_error',
            pa.float64(),
            'Standard error of the gain, over proteins; null for share 0.',
            'nats',
        ),
        Column(
            'agreement',
            pa.float64(),
            'Share of the cells of a protein that have its most frequent class; mean '
            'over the proteins.',
        ),
        Column('changed', pa.float64(), 'Share of the cells with another class.'),
        Column(
            'flagged',
            pa.float64(),
            'Share of the cells unlike those of the training (novelty above 1); null '
            'where the network does not know.',
        ),
        Column('confidence', pa.float64(), 'Mean confidence of the cells.'),
        Column(
            'accuracy',
            pa.float64(),
            'Share of the labelled cells called right, where labels have names of the '
            "network's classes; nothing is chosen by it. Null without labels.",
        ),
    ),
)
