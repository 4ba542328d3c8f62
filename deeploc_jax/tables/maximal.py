"""The table of images that were made for classes."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema

_ASKED = "; '' where no second network was asked."
_KNOWN = '; null where the screen was not simulated, or there is none.'
MAXIMAL = TableSchema(
    'maximal.parquet',
    'configs/explain.py',
    'One row per image that was made for a class (activation maximisation).',
    (
        Column('label_name', TEXT, 'Class that the image was made for.'),
        Column('cell_id', TEXT, 'Cell whose marker and outline it has.'),
        Column('own_named', TEXT, 'Class that the network itself calls it.'),
        Column(
            'own_probability',
            pa.float64(),
            'Probability of the class it was made for, by the network itself.',
        ),
        Column('judge_named', TEXT, f'Class that a second network calls it{_ASKED}'),
        Column(
            'judge_probability',
            pa.float64(),
            'Probability of the class it was made for, by the second network.',
        ),
        Column(
            'before_named',
            TEXT,
            'Class that the second network calls the noise in the cell that it was '
            f'made from{_ASKED}',
        ),
        Column(
            'before_probability',
            pa.float64(),
            'Probability of the class it was made for, by the second network, of that '
            'noise.',
        ),
        Column(
            'inside',
            pa.float64(),
            'Share of the light that was added to the cell that lies in the organelle '
            f'of the class{_KNOWN}',
        ),
        Column(
            'inside_simulated',
            pa.float64(),
            'The same share of the light of a simulated protein of the class in this '
            f'cell{_KNOWN}',
        ),
        Column(
            'inside_chance',
            pa.float64(),
            f'Share of the area of the cell that the organelle has{_KNOWN}',
        ),
    ),
)
