"""The tables of what the units of a network see."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema

UNITS = TableSchema(
    'units.parquet',
    'configs/explain.py',
    'One row per unit of the layers that are shown, and one per hand-made measurement.',
    (
        Column(
            'layer', TEXT, 'Layer of the network; "measurements" for a measurement.'
        ),
        Column('unit', pa.int64(), 'Number of the unit in its layer, from 0.'),
        Column('name', TEXT, "Name of the measurement; '' for a unit of a network."),
        Column(
            'field',
            pa.int64(),
            'Side of the square that the unit sees; the whole crop for a measurement.',
            'pixel',
        ),
        Column(
            'cells', pa.int64(), 'Number of cells that the numbers are of.', 'cells'
        ),
        Column(
            'information',
            pa.float64(),
            'Mutual information of the class and the largest output in a cell, in ten '
            'parts of equal size; about 0, or a little less, for a unit that tells '
            'nothing.',
            'bits',
        ),
        Column(
            'measurement',
            TEXT,
            "Hand-made measurement that it correlates with most; '' where none was "
            'taken, and for a measurement.',
        ),
        Column(
            'measurement_correlation',
            pa.float64(),
            "Pearson's correlation of both over the cells; null where there is none.",
        ),
        Column(
            'gabor',
            TEXT,
            'Gabor filter whose largest answer in a cell it correlates with most: '
            'channel, frequency and direction.',
        ),
        Column(
            'gabor_correlation',
            pa.float64(),
            "Pearson's correlation of both over the cells.",
        ),
        Column('shown', pa.bool_(), 'Whether its patches are on the page.'),
    ),
)
PATCHES = TableSchema(
    'patches.parquet',
    'configs/explain.py',
    'One row per patch on the page: what the unit sees in a cell that it answers most.',
    (
        Column('layer', TEXT, 'Layer of the network.'),
        Column('unit', pa.int64(), 'Number of the unit in its layer, from 0.'),
        Column(
            'rank', pa.int64(), 'Place among the cells, 1 for the strongest output.'
        ),
        Column('cell_id', TEXT, 'Name of the cell, unique in its screen.'),
        Column('protein', TEXT, 'Tagged protein of the cell.'),
        Column('label_name', TEXT, "Class of the cell; '' where it is not known."),
        Column('output', pa.float64(), 'Largest output of the unit in the cell.'),
        *(
            Column(
                name, pa.int64(), f'{meaning} of the patch in the stored image.', unit
            )
            for name, meaning, unit in (
                ('top', 'First row', 'pixel'),
                ('bottom', 'Row behind the last', 'pixel'),
                ('left', 'First column', 'pixel'),
                ('right', 'Column behind the last', 'pixel'),
            )
        ),
    ),
)
