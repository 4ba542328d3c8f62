"""From cells to proteins: where is a protein, and how sure is that?

A protein's cells are draws from an unknown mixture of localizations, whose posterior
`dirichlet` has: its mode is the mean of the cells' class probabilities, its largest
class the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from deeploc_jax.dirichlet import certainty_of_largest, mean_share
from deeploc_jax.groups import UNIT_COLUMNS, unit_names
from deeploc_jax.tables.cell_columns import by_class, names_of, predicted_values
from deeploc_jax.tables.parquet import class_metadata
from deeploc_jax.tables.predictions import PROTEINS
from deeploc_jax.tables.row_checks import check_rows
from deeploc_jax.tables.schema import to_table


def proteins_table(
    metadata: Mapping[str, np.ndarray],
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
) -> pa.Table:
    """One row per protein, sorted by name; per well when no cell has a protein.

    Cells without the name of a protein (or well) are left out. `tables.PROTEINS` says
    what the columns are.

    Args:
        metadata: Text columns of `groups.UNIT_COLUMNS`, each [n].
        labels: int [n], -1 for an unlabelled cell.
        probabilities: float [n, k].
        class_names: k names in index order.
    """
    check_rows(metadata, labels, probabilities, class_names, UNIT_COLUMNS)
    unit = 'protein' if (np.asarray(metadata['protein']) != '').any() else 'well'
    names = unit_names(metadata, unit)
    kept = names != ''
    units, rows = np.unique(names[kept].astype(str), return_inverse=True)
    sums = _sums(rows, np.asarray(probabilities, np.float64)[kept], len(units))
    n_cells = np.bincount(rows, minlength=len(units))
    columns = {
        'protein': units.astype(object),
        'unit': np.full(len(units), unit, object),
        'n_cells': n_cells,
    }
    columns |= _label_columns(rows, np.asarray(labels)[kept], len(units), class_names)
    columns |= predicted_values(sums / n_cells[:, None], class_names)
    columns['certainty'] = certainty_of_largest(1 + sums)
    columns |= by_class('posterior_', mean_share(1 + sums), class_names)
    return to_table(columns, PROTEINS.arrow(class_names, class_metadata(class_names)))


def protein_accuracy(table: pa.Table, minimum_cells: int = 1) -> tuple[float, int]:
    """Fraction of labelled proteins called right, and how many there are.

    Args:
        table: Of `proteins_table`.
        minimum_cells: Proteins with fewer cells are left out.

    Returns:
        (accuracy, number of proteins); accuracy is NaN when there is none.
    """
    labels = table['label'].to_numpy()
    kept = (labels >= 0) & (table['n_cells'].to_numpy() >= minimum_cells)
    right = table['predicted'].to_numpy()[kept] == labels[kept]
    return (float(right.mean()) if kept.any() else float('nan')), int(kept.sum())


def _sums(rows: np.ndarray, values: np.ndarray, groups: int) -> np.ndarray:
    """Sums [groups, k] of values [n, k] by row number [n]."""
    columns = [np.bincount(rows, column, groups) for column in values.T]
    return np.stack(columns, axis=1)


def _label_columns(
    rows: np.ndarray, labels: np.ndarray, groups: int, class_names: Sequence[str]
) -> dict[str, np.ndarray]:
    votes = _sums(rows, labels[:, None] == np.arange(len(class_names)), groups)
    n_labelled = votes.sum(axis=1).astype(np.int64)
    majority = np.where(n_labelled > 0, votes.argmax(axis=1), -1)
    return {
        'n_labelled': n_labelled,
        'label': majority,
        'label_name': names_of(majority, class_names),
        'labels_agree': (votes > 0).sum(axis=1) <= 1,
    }
