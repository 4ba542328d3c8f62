"""A table holds small pictures of the cells of proteins, for the pages about them."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema

EXAMPLES = TableSchema(
    'examples.parquet',
    'configs/compare.py or configs/profile.py',
    'One row per protein and condition whose cells a page shows. All conditions of a '
    'protein have one scale of brightness.',
    (
        Column('protein', TEXT, 'Name of the protein.'),
        Column('condition', TEXT, 'Condition of the cells.'),
        Column('n_shown', pa.int32(), 'Number of cells in the picture.', 'cells'),
        Column('n_cells', pa.int32(), 'Number of cells to choose from.', 'cells'),
        Column(
            'gain',
            pa.float32(),
            'Factor on the protein that makes the brightest of these cells white.',
        ),
        Column(
            'jpeg',
            pa.binary(),
            'The picture as a JPEG file: cells in rows, protein in green and marker in '
            'magenta, or the protein in gray if there is no marker.',
        ),
    ),
)
