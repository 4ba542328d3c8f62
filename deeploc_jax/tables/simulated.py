"""Tables of simulated plates: images, wells, and the truth about every cell."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema
from deeploc_jax.types import METADATA, WELL

LENGTH = '0.12 micrometre'
"""Unit of the simulator's lengths."""
_ABUNDANCE = 'photoelectrons a pixel of a filled cell'
_WRITTEN_BY = 'configs/simulate.py'
_COUNT, _NUMBER = pa.int64(), pa.float64()
_ALWAYS = ('condition', 'plate', 'well')  # in tables of all versions
_WELL = tuple(Column(n, TEXT, METADATA[n], required=n in _ALWAYS) for n in WELL)
_FIELD = (*_WELL, Column('field', TEXT, METADATA['field']))
_LABELS = (
    Column('origin_label', TEXT, 'Class of the origin.'),
    Column('destination_label', TEXT, 'Class of the destination.'),
)
_PROTEIN = (
    Column(
        'protein',
        TEXT,
        'Name of the protein. A dead cell or ghost has the truth of the protein that '
        'it would carry.',
    ),
    Column(
        'localization',
        TEXT,
        'Where `share` of it is in this condition: the origin.',
    ),
    Column(
        'second',
        TEXT,
        'Where the rest is: the destination of a protein that moves, the other place '
        'of a mixture.',
    ),
    Column('share', _NUMBER, 'Share of the protein (0 to 1) at its localization.'),
    Column(
        'effect',
        TEXT,
        'What the conditions of the screen do to it: none, moves or abundance.',
    ),
    Column('origin', TEXT, 'Where it is before any treatment.'),
    Column('destination', TEXT, 'Where it goes; the origin if it does not move.'),
    Column('abundance', _NUMBER, 'Its amount in this condition.', _ABUNDANCE),
    Column('fold_change', _NUMBER, 'That amount over the one before any treatment.'),
)
WELLS = TableSchema(
    'wells.csv',
    _WRITTEN_BY,
    'One row per well of a simulated plate.',
    (
        *_WELL,
        Column('split', TEXT, 'Split of yeast_sim that its cells belong to.'),
        Column(
            'label',
            TEXT,
            'Class of its living cells: that of the larger part of the protein, of the '
            'origin if the parts are equal.',
        ),
        *_LABELS,
        *_PROTEIN,
    ),
)
IMAGES = TableSchema(
    'images.csv',
    _WRITTEN_BY,
    'One row per field of a simulated plate.',
    (
        *_FIELD,
        Column('image', TEXT, 'Path of the image in the folder of the plates.'),
        Column('mask', TEXT, 'Path of its mask: 0 or the number of the cell.'),
    ),
)
SIMULATED_CELLS = TableSchema(
    'cells.parquet',
    _WRITTEN_BY,
    'One row per cell of the simulated fields, with the truth about it.',
    (
        *_FIELD,
        Column('cell', _COUNT, 'Number of the cell in the mask of its field, from 1.'),
        Column('label', TEXT, "Class of the cell, '' for none."),
        *_LABELS,
        Column('x', _NUMBER, 'Center of the cell, from the left.', 'pixel'),
        Column('y', _NUMBER, 'Center of the cell, from the top.', 'pixel'),
        Column('state', TEXT, 'live, dead, or ghost: no cell at all.'),
        Column('wanted', pa.bool_(), 'Whether its crop is in the data set yeast_sim.'),
        *_PROTEIN,
        Column('stage', TEXT, 'unbudded, small or large (the bud), or shmoo.'),
        Column('radius', _NUMBER, 'Radius of the mother.', LENGTH),
        Column('bud_radius', _NUMBER, 'Radius of the bud, 0 without one.', LENGTH),
        Column('vacuoles', _COUNT, 'Number of vacuoles.'),
        Column('height', _NUMBER, 'Height of the cell above the focus.', LENGTH),
        Column(
            'brightness',
            _NUMBER,
            "Abundance in this very cell: the protein's times the cell's own factor. A "
            'dead cell or debris has that of the light it gives, empty background has '
            '0. The lamp of the plate is not in it.',
            _ABUNDANCE,
        ),
        Column(
            'brightness_factors',
            pa.list_(_NUMBER),
            "The cell's own factor on the light of each channel, in the order of the "
            "image's; 1 for bright field, small for markers that are all but lost.",
        ),
    ),
)
