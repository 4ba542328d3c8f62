"""The columns that tables of cells have in common, and how they are filled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column
from deeploc_jax.types import LATER, METADATA


def _cell_column(name: str) -> Column:
    place = name in ('x', 'y')
    return Column(
        name,
        pa.float32() if place else TEXT,
        METADATA[name],
        unit='pixel' if place else '',
        required=name not in LATER,
    )


CELL_COLUMNS = tuple(map(_cell_column, METADATA))
"""What is known of every cell: the `METADATA` columns."""
LABEL_COLUMNS = (
    Column('label', pa.int32(), 'Index of the true class, -1 if not known.'),
    Column('label_name', TEXT, "Name of the true class, '' if not known."),
)
PREDICTED_COLUMNS = (
    Column('predicted', pa.int32(), 'Index of the most probable class.'),
    Column('predicted_name', TEXT, 'Name of the most probable class.'),
    Column('confidence', pa.float32(), 'Probability of the most probable class.'),
)


SET_COLUMN = Column(
    'set_90',
    pa.list_(TEXT),
    'Classes that the cell may have: for 90 % of the cells of a new protein the true '
    'class is among them (prediction set; `run.json` says what it was calibrated on). '
    'Empty where no class fits; null if the weights have no such sets for this number '
    'of views.',
    required=False,
)


def predicted_values(
    probabilities: np.ndarray, class_names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Values of `PREDICTED_COLUMNS` and of p_<CLASS> from probabilities [n, k]."""
    predicted = probabilities.argmax(axis=1)
    return {
        'predicted': predicted,
        'predicted_name': names_of(predicted, class_names),
        'confidence': probabilities.max(axis=1),
    } | by_class('p_', probabilities, class_names)


def set_values(
    members: np.ndarray | None, class_names: Sequence[str], n: int
) -> list[list[str] | None]:
    """Values [n] of `SET_COLUMN`, from which classes are in the sets, bool [n, k].

    They are None where that is not known.
    """
    if members is None:
        return [None] * n
    names = np.array(class_names, object)
    return [names[row].tolist() for row in members]


def by_class(
    prefix: str, values: np.ndarray, class_names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Columns <prefix><CLASS> of values [n, k]."""
    return {prefix + name: values[:, i] for i, name in enumerate(class_names)}


def names_of(labels: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
    """Class names [n] of labels [n], '' for -1."""
    return np.array([*class_names, ''], object)[np.asarray(labels)]
