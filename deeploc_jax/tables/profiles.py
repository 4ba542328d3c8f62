"""Tables of profiles: a row for every well, and for every protein and replicate."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.cell_columns import PREDICTED_COLUMNS
from deeploc_jax.tables.schema import TEXT, Column, TableSchema
from deeploc_jax.types import METADATA, WELL

WELL_KEY = (*WELL, 'protein')
"""Columns that distinguish one row of wells.parquet from another."""
PROFILE_KEY = ('screen', 'condition', 'replicate', 'protein')
"""Columns that distinguish one row of profiles.parquet from another."""

_WRITTEN_BY = 'configs/profile.py'
_INTENSITY = 'gray value'
_FLOAT, _COUNT = pa.float32(), pa.int32()


def _key(names: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(Column(name, TEXT, METADATA[name]) for name in names)


_N_WELLS = Column('n_wells', _COUNT, 'Number of wells with cells of it.', 'wells')
_COUNTS = (
    Column('n_all', _COUNT, 'Number of all its cells in the table of cells.', 'cells'),
    Column(
        'n_cells',
        _COUNT,
        'Number of its usable cells: not at the border, without flags, not called one '
        'of the classes that were ignored. All other columns are of these; numbers '
        'are null where there is none.',
        'cells',
    ),
)
_LOCALIZATION = (
    Column(
        'label',
        _COUNT,
        'Index of the true class of most labelled cells, the lower of two that are '
        'equally frequent; -1 if no cell is labelled.',
    ),
    Column('label_name', TEXT, "Name of that class, '' if no cell is labelled."),
    *PREDICTED_COLUMNS,
    Column(
        'certainty',
        _FLOAT,
        'Posterior probability that the class called has the largest share. Likely too '
        'high: cells count as independent and probabilities as calibrated.',
    ),
    Column('first', TEXT, 'Class with the largest share_<CLASS>.'),
    Column(
        'second',
        TEXT,
        'Class with the second largest; the next in p_<CLASS> if '
        'all of the protein is in the first.',
    ),
    Column(
        'share',
        _FLOAT,
        'Share of its cells that are in the first compartment, if each is in one of '
        'these two, by maximum likelihood.',
    ),
    Column(
        'share_low',
        _FLOAT,
        'Lower end of its credible interval, with a flat prior; '
        'several wells are given random weights.',
    ),
    Column('share_high', _FLOAT, 'Upper end of that interval.'),
    Column(
        'blend_first',
        TEXT,
        'Compartment with the larger part of the protein, if every cell has it in two '
        "places; '' where `labelled` was not given.",
    ),
    Column('blend_second', TEXT, "The other one; '' if there is none."),
    Column(
        'blend',
        _FLOAT,
        'Share of the protein within its cells that is in blend_first: where the mean '
        'logarithms of their probabilities lie between those of labelled cells of the '
        'two classes.',
    ),
    Column(
        'blend_low',
        _FLOAT,
        'Lower end of its interval: cells and wells are resampled, and proteins of a '
        'class differ as much as the labelled ones do.',
    ),
    Column('blend_high', _FLOAT, 'Upper end of that interval.'),
    Column(
        'heterogeneity',
        _FLOAT,
        'Half the mean squared distance of the probabilities of two of its cells: the '
        'probability that two cells are of different classes, without what the network '
        'leaves open in each of them. 0 if all cells look alike, 0.5 if half of them '
        'are surely in one class and half in another; null for less than two cells.',
    ),
    Column(
        'uncertainty',
        _FLOAT,
        'Mean over the cells of 1 - sum of squared probabilities: what the network '
        'leaves open in a cell.',
    ),
)
_ABUNDANCE = (
    Column(
        'intensity',
        _FLOAT,
        'Mean over its cells of their mean intensity by area in the protein channel; '
        'null where cells were not measured.',
        _INTENSITY,
    ),
    Column('abundance', _FLOAT, 'The same above the background.', _INTENSITY),
    Column(
        'log2_abundance',
        _FLOAT,
        'Its base 2 logarithm; null where it is not above the background.',
        'log2 gray value',
    ),
)
_BY_CLASS = (
    Column('p_<CLASS>', _FLOAT, 'Mean probability of the class over the cells.'),
    Column(
        'posterior_<CLASS>',
        _FLOAT,
        "Mean of the Dirichlet posterior of the class's share, with a flat prior.",
    ),
    Column('low_<CLASS>', _FLOAT, 'Lower end of the credible interval of that share.'),
    Column('high_<CLASS>', _FLOAT, 'Upper end of that interval.'),
    Column(
        'share_<CLASS>',
        _FLOAT,
        "Class's share by maximum likelihood: the shares under which the cells' "
        'probabilities are most likely. 0 for classes that were ignored.',
    ),
)
_VALUES = (*_COUNTS, *_LOCALIZATION, *_ABUNDANCE, *_BY_CLASS)
WELL_PROFILES = TableSchema(
    'wells.parquet',
    _WRITTEN_BY,
    'One row per well of the cells, and for each protein in it where there are '
    'several. wells.csv has the same rows.',
    (*_key(WELL_KEY), *_VALUES),
)
PROFILES = TableSchema(
    'profiles.parquet',
    _WRITTEN_BY,
    'One row per protein, condition and replicate. profiles.csv has the same rows.',
    (*_key(PROFILE_KEY), _N_WELLS, *_VALUES),
)
_FEATURE = Column(
    '<FEATURE>',
    _FLOAT,
    'Median of the feature over the usable cells, '
    'or their mean where `statistic` of config.json says so.',
)
WELL_FEATURES = TableSchema(
    'well_features.parquet',
    _WRITTEN_BY,
    'One row per well of the cells: their features, of any layer or measured.',
    (*_key(WELL_KEY), _COUNTS[0], _COUNTS[1], _FEATURE),
)
PROFILE_FEATURES = TableSchema(
    'profile_features.parquet',
    _WRITTEN_BY,
    'One row per protein, condition and replicate: the features of its cells.',
    (*_key(PROFILE_KEY), _N_WELLS, *_COUNTS, _FEATURE),
)
REPLICATES = TableSchema(
    'replicates.parquet',
    _WRITTEN_BY,
    'One row per protein and condition with several replicates, or several wells where '
    'no replicate is named: how well they agree.',
    (
        *_key(('condition', 'protein')),
        Column('n_profiles', _COUNT, 'Number of its profiles.', 'profiles'),
        Column(
            'correlation',
            _FLOAT,
            'Mean Pearson correlation, over the features, of two of its profiles.',
        ),
        Column(
            'mean_average_precision',
            _FLOAT,
            'How well its profiles retrieve each other among all others by cosine '
            'similarity: 1 if they are always the most similar ones.',
        ),
        Column(
            'normalized_precision',
            _FLOAT,
            'The same, with 0 for what random rankings have on average.',
        ),
        Column(
            'p_value',
            pa.float64(),
            'Share of random rankings that are better; at least 1 over their number.',
        ),
        Column(
            'q_value',
            pa.float64(),
            'p_value after Benjamini and Hochberg, over all rows.',
        ),
    ),
)
