"""The tables of an evaluation: its cells, their proteins, which classes are confused.

The metadata of the schemas has the class names in index order under b'class_names', a
JSON list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax.tables.cell_columns import (
    CELL_COLUMNS,
    LABEL_COLUMNS,
    PREDICTED_COLUMNS,
    SET_COLUMN,
    names_of,
    predicted_values,
    set_values,
)
from deeploc_jax.tables.parquet import class_metadata, read_table
from deeploc_jax.tables.row_checks import check_rows
from deeploc_jax.tables.schema import TEXT, Column, TableSchema, to_table
from deeploc_jax.types import METADATA

_WRITTEN_BY = 'configs/evaluate.py (or a training)'
_FLOAT, _COUNT = pa.float32(), pa.int32()
PREDICTIONS = TableSchema(
    'evaluation/<split>/predictions.parquet',
    _WRITTEN_BY,
    'One row per cell of the split.',
    (
        *CELL_COLUMNS,
        *LABEL_COLUMNS,
        *PREDICTED_COLUMNS,
        Column(
            'novelty',
            _FLOAT,
            'Distance to the training cells over the threshold that 5 % of validation '
            'cells exceed: above 1, do not trust the class. Null if the weights do not '
            'say what they have seen.',
            required=False,
        ),
        SET_COLUMN,
        Column('p_<CLASS>', _FLOAT, 'Probability of the class.'),
    ),
)
PROTEINS = TableSchema(
    'evaluation/<split>/proteins.parquet',
    _WRITTEN_BY,
    'One row per protein, sorted by name, or per well if no cell has a protein. A '
    'protein of several screens or conditions is one row.',
    (
        Column('protein', TEXT, 'Name of the protein, or of the well.'),
        Column('unit', TEXT, 'What a row is: protein or well.'),
        Column('n_cells', _COUNT, 'Number of its cells.', 'cells'),
        Column('n_labelled', _COUNT, 'Number of those with a true class.', 'cells'),
        Column(
            'label',
            _COUNT,
            'Index of the true class of most labelled cells, the lower of two that are '
            'equally frequent; -1 if no cell is labelled.',
        ),
        Column('label_name', TEXT, "Name of that class, '' if no cell is labelled."),
        Column('labels_agree', pa.bool_(), 'False if its cells have several labels.'),
        Column('predicted', _COUNT, 'Index of the class with the largest mean.'),
        Column('predicted_name', TEXT, 'Name of the class with the largest mean.'),
        Column('confidence', _FLOAT, 'Mean probability of that class.'),
        Column(
            'certainty',
            _FLOAT,
            'Posterior probability that the class called has the largest share of the '
            'protein. Likely too high: cells count as independent and probabilities as '
            'calibrated. Use it to rank, not as a p-value.',
        ),
        Column('p_<CLASS>', _FLOAT, 'Mean probability of the class over the cells.'),
        Column('posterior_<CLASS>', _FLOAT, "Posterior mean of the class's share."),
    ),
)
CONFUSION = TableSchema(
    'evaluation/<split>/confusion.parquet',
    _WRITTEN_BY,
    'One row for every pair of a true and a predicted class that has cells.',
    (
        Column('true', TEXT, 'Name of the true class.'),
        Column('predicted', TEXT, 'Name of the predicted class.'),
        Column('cells', pa.int64(), 'Number of cells.', 'cells'),
    ),
)


def read_predictions(path: Path | str) -> pa.Table:
    """Reads predictions.parquet; see `parquet.read_table`."""
    return read_table(path, PREDICTIONS)


def read_proteins(path: Path | str) -> pa.Table:
    """Reads proteins.parquet; see `parquet.read_table`."""
    return read_table(path, PROTEINS)


def predictions_table(
    metadata: Mapping[str, np.ndarray],
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    novelty: np.ndarray | None = None,
    members: np.ndarray | None = None,
) -> pa.Table:
    """One row per cell, in the order given.

    Args:
        metadata: The `METADATA` columns, each [n].
        labels: int [n], -1 for an unlabelled cell.
        probabilities: float [n, k].
        class_names: k names in index order.
        novelty: float [n], if it is known.
        members: Which classes are in the prediction set of each cell, bool [n, k], if
            that is known.

    Raises:
        ValueError: A column is missing or of another length, or a label is no class.
    """
    check_rows(metadata, labels, probabilities, class_names, tuple(METADATA))
    columns: dict[str, Any] = {name: metadata[name] for name in METADATA}
    columns |= {'label': labels, 'label_name': names_of(labels, class_names)}
    columns |= predicted_values(np.asarray(probabilities, np.float32), class_names)
    columns['novelty'] = np.full(len(labels), None) if novelty is None else novelty
    columns['set_90'] = set_values(members, class_names, len(labels))
    about = class_metadata(class_names)
    return to_table(columns, PREDICTIONS.arrow(class_names, about))


def confusion_table(
    counts: Sequence[Sequence[int]], class_names: Sequence[str]
) -> pa.Table:
    """One row for every pair of classes that has cells: true, predicted, cells.

    Args:
        counts: [k, k], rows the true class; empty where no cell is labelled.
        class_names: k names in index order.
    """
    matrix = np.array(counts, np.int64).reshape(2 * [len(counts)])
    true, predicted = np.nonzero(matrix)
    names = np.array(class_names, object)
    columns = dict(true=names[true], predicted=names[predicted])
    return to_table(columns | dict(cells=matrix[true, predicted]), CONFUSION.arrow())
