"""The tables of a comparison: what each protein did, and who went from where to where.

The metadata of MOVERS has the class names in index order under b'class_names', a JSON
list.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from deeploc_jax.tables.parquet import read_table
from deeploc_jax.tables.schema import TEXT, Column, TableSchema

_WRITTEN_BY = 'configs/compare.py'
_NUMBER, _COUNT, _FLAG = pa.float64(), pa.int32(), pa.bool_()
_LIMITS = {'low': 'Lower', 'high': 'Upper'}


def _interval(name: str, unit: str = '') -> tuple[Column, ...]:
    """Columns of both limits of the 95 % interval of a column."""
    return tuple(
        Column(
            f'{name}_{end}',
            _NUMBER,
            f'{word} limit of the 95 % interval of {name}: by the scatter of its '
            'replicates or wells, or of other proteins where nothing was repeated.',
            unit,
        )
        for end, word in _LIMITS.items()
    )


MOVERS = TableSchema(
    'movers.parquet',
    _WRITTEN_BY,
    'One row per protein that has usable cells in one of the two conditions, sorted '
    'by p, then by name. Numbers are null for a protein that cannot be compared; '
    '`remarks` says why.',
    (
        Column('protein', TEXT, 'Name of the protein.'),
        Column('condition_before', TEXT, 'The condition it is compared with.'),
        Column('condition_after', TEXT, 'The condition that may have moved it.'),
        Column('n_cells_before', _COUNT, 'Number of usable cells before.', 'cells'),
        Column('n_cells_after', _COUNT, 'Number of usable cells after.', 'cells'),
        Column('n_wells_before', _COUNT, 'Number of wells of these before.', 'wells'),
        Column('n_wells_after', _COUNT, 'Number of wells of these after.', 'wells'),
        Column('class_before', TEXT, 'Class with the largest share before.'),
        Column('class_after', TEXT, 'Class with the largest share after.'),
        Column(
            'from',
            TEXT,
            'Class that loses the largest share, beyond what proteins like it lose. '
            'Stands in every row; look at `moved` before you believe it.',
        ),
        Column('to', TEXT, 'Class that gains the largest share, likewise.'),
        Column(
            'share_moved',
            _NUMBER,
            'Share of the protein, 0 to 1, that is elsewhere than expected: half the '
            'sum of the absolute changes of its shares. Noise makes it positive.',
        ),
        *_interval('share_moved'),
        Column(
            'effect',
            _NUMBER,
            'Length of its change, over the median length of the changes of proteins '
            'that do not move.',
        ),
        Column(
            'statistic',
            _NUMBER,
            'That length: the Hellinger distance between the shares before and after, '
            'beyond what is expected; 1.41 for a protein that is all elsewhere.',
        ),
        Column(
            'p',
            _NUMBER,
            'Chance that a protein that does not move has such a statistic, by the '
            'proteins of this screen.',
        ),
        Column(
            'q', _NUMBER, 'False-discovery rate of all proteins with at most its p.'
        ),
        Column('moved', _FLAG, 'Whether q is at most the rate that was asked for.'),
        Column(
            'log2_fold',
            _NUMBER,
            'Binary logarithm of its intensity after over before, with the shift that '
            'whole plates have in common removed.',
        ),
        *_interval('log2_fold'),
        Column('abundance_p', _NUMBER, 'As p, of a change of abundance.'),
        Column('abundance_q', _NUMBER, 'As q, of a change of abundance.'),
        Column(
            'abundance_changed',
            _FLAG,
            'Whether abundance_q is at most the rate that was asked for.',
        ),
        Column(
            'paper_class',
            TEXT,
            'Class with the largest Welch t over cells by magnitude, as in the paper.',
        ),
        Column('paper_score', _NUMBER, 'Its t; positive if the class gains.'),
        Column(
            'paper_moved',
            _FLAG,
            "Whether the t of any class is likelier under the paper's uniform "
            'distribution of outliers than under the Gaussian one.',
        ),
        Column(
            'paper_log2_fold',
            _NUMBER,
            'Binary logarithm of the mean intensity of the cells after over before.',
        ),
        Column(
            'paper_abundance_changed',
            _FLAG,
            'Whether the magnitude of paper_log2_fold is above 1.',
        ),
        Column(
            'remarks',
            pa.list_(TEXT),
            'What to know before you believe the row, if any.',
        ),
        Column('before_<CLASS>', _NUMBER, 'Share of the class before.'),
        Column('after_<CLASS>', _NUMBER, 'Share of the class after.'),
        Column(
            'change_<CLASS>',
            _NUMBER,
            'Change of that share beyond the one that is expected: the median change '
            'of the proteins that are most like it before.',
        ),
        Column(
            'score_<CLASS>', _NUMBER, "The paper's Welch t of the class over cells."
        ),
    ),
)
FLUX = TableSchema(
    'flux.parquet',
    _WRITTEN_BY,
    'One row per pair of classes between which proteins moved, sorted by method, then '
    'by the number of proteins. flux_<method>.graphml and .cyjs are the same networks.',
    (
        Column(
            'method',
            TEXT,
            'ours: proteins with `moved`; paper: proteins that lose one class and gain '
            'another with |t| of at least 10 each.',
        ),
        Column('from', TEXT, 'Class that the proteins leave.'),
        Column('to', TEXT, 'Class that they go to.'),
        Column('proteins', _COUNT, 'Number of proteins.', 'proteins'),
        Column('names', pa.list_(TEXT), 'Their names, sorted.'),
        Column(
            'score',
            _NUMBER,
            'Mean over them: of share_moved (ours), or of half the difference between '
            'the t of the class gained and that of the class lost (paper).',
        ),
    ),
)


def read_movers(path: Path | str) -> pa.Table:
    """Reads movers.parquet; see `parquet.read_table`."""
    return read_table(path, MOVERS)


def read_flux(path: Path | str) -> pa.Table:
    """Reads flux.parquet; see `parquet.read_table`."""
    return read_table(path, FLUX)
