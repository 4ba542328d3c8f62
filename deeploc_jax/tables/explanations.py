"""The table of how well attributions explain what a network calls cells."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema

EXPLANATIONS = TableSchema(
    'explain.parquet',
    'configs/explain.py',
    'One row per way to attribute a class to the pixels of a cell.',
    (
        Column(
            'method',
            TEXT,
            'Way to attribute; "brightness": the brightest pixels of the protein; '
            '"random": pixels in a random order.',
        ),
        Column('cells', pa.int64(), 'Number of cells judged.', 'cells'),
        Column(
            'deletion',
            pa.float64(),
            'Mean probability of the class while its most important pixels are taken '
            'away, the most important first; the lower, the better.',
        ),
        Column(
            'deletion_error', pa.float64(), 'Standard error of deletion, over cells.'
        ),
        Column(
            'insertion',
            pa.float64(),
            'Mean probability of the class while pixels come into a black image, the '
            'most important first; the higher, the better.',
        ),
        Column(
            'insertion_error', pa.float64(), 'Standard error of insertion, over cells.'
        ),
        Column(
            'random_weights',
            pa.float64(),
            'Rank correlation with the attribution of a network with random weights; '
            'the nearer to 0, the better. Null where no network has a part in it.',
        ),
        Column(
            'inside',
            pa.float64(),
            'Share of what speaks for the class that lies inside the organelle, where '
            'the screen is simulated and tells; that of "random" is the area of the '
            'organelle. Null elsewhere.',
            required=False,
        ),
        Column(
            'shown',
            pa.bool_(),
            'Whether it comes first on the page: the best by insertion less deletion.',
        ),
    ),
)
