"""The tables of maps of cells."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema

_LAYER = Column('layer', TEXT, 'Layer of the network, or "measurements".')
_CELL = (
    Column('cell_id', TEXT, 'Name of the cell, unique in its screen.'),
    Column('protein', TEXT, 'Tagged protein of the cell.'),
    Column('label_name', TEXT, "Class of the cell; '' where it is not known."),
)
MAPS = TableSchema(
    'maps.parquet',
    'configs/explain.py',
    'One row per layer and space: how well the cells of a class keep together there.',
    (
        _LAYER,
        Column(
            'space',
            TEXT,
            '"features": the largest output of each unit, or the measurements, each '
            'with variance 1; "tsne" or "umap": the map of these.',
        ),
        Column('features', pa.int64(), 'Number of dimensions of the space.'),
        Column('cells', pa.int64(), 'Number of cells whose class is known.', 'cells'),
        Column(
            'silhouette',
            pa.float64(),
            'Mean silhouette of the cells by their classes, -1 to 1.',
        ),
        Column(
            'purity',
            pa.float64(),
            'Share of the ten nearest neighbors of a cell that are of its class.',
        ),
        Column(
            'purity_other_proteins',
            pa.float64(),
            'The same when neighbors with the same protein are passed over; null where '
            'no cell has others.',
        ),
        Column(
            'purity_plates',
            pa.float64(),
            'Share of the ten nearest neighbors that are on the same plate; null where '
            'all cells are on one.',
        ),
        Column('chance', pa.float64(), 'Purity of neighbors drawn at random.'),
    ),
)
MAP_POINTS = TableSchema(
    'map_points.parquet',
    'configs/explain.py',
    'One row per layer, way to make a map, and cell: its place on the map.',
    (
        _LAYER,
        Column('method', TEXT, 'Way to make the map: "tsne" or "umap".'),
        *_CELL,
        Column('x', pa.float64(), 'Place from left to right, without a unit.'),
        Column('y', pa.float64(), 'Place from bottom to top, without a unit.'),
    ),
)
NEAREST = TableSchema(
    'nearest.parquet',
    'configs/explain.py',
    'One row per layer, chosen cell, and cell that is among the nearest to it.',
    (
        _LAYER,
        Column('chosen', TEXT, 'Name of the chosen cell.'),
        Column('rank', pa.int64(), 'Place among the nearest, 1 for the nearest.'),
        Column(
            'distance',
            pa.float64(),
            'Distance between both by their features, each with variance 1.',
        ),
        *_CELL,
    ),
)
