"""From cells to proteins: where is a protein, and how sure is that?

A protein's cells are draws from an unknown mixture of localizations. With a flat
Dirichlet prior and the cells' class probabilities as soft counts, the posterior of the
mixture is Dirichlet(1 + sum of probabilities): its mode is the mean of the class
probabilities, its largest class the call. Cells count as independent and their
probabilities as calibrated, so the certainty is likely too high.

References:
    Parnamaa & Parts 2017, Accurate classification of protein subcellular localization
    from high-throughput microscopy images using deep learning (DeepYeast).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from scipy.special import gammainc, gammaincinv

from deeploc_jax.evaluate.groups import UNIT_COLUMNS, unit_names
from deeploc_jax.tables.cell_columns import by_class, names_of, predicted_values
from deeploc_jax.tables.parquet import class_metadata
from deeploc_jax.tables.predictions import PROTEINS
from deeploc_jax.tables.row_checks import check_rows
from deeploc_jax.tables.schema import to_table

NODES = 64
"""Points of the Gauss-Legendre quadrature in `certainty_of_largest`."""


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
    posterior = (1 + sums) / (1 + sums).sum(axis=1, keepdims=True)
    columns |= by_class('posterior_', posterior, class_names)
    return to_table(columns, PROTEINS.arrow(class_names, class_metadata(class_names)))


def certainty_of_largest(alpha: np.ndarray) -> np.ndarray:
    """Probability that the class of the largest alpha is a Dirichlet's largest share.

    The shares are independent Gamma(alpha) variables over their sum, so this is the
    mean, over the quantiles u of the largest one, of the chance that every other is
    below it: a smooth integral over 0..1, taken by quadrature (no random numbers).

    Args:
        alpha: float [g, k], positive.

    Returns:
        float64 [g] in 0..1; error below about 1e-4.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    quantiles = (nodes + 1) / 2
    largest = alpha.argmax(axis=1)
    rows = np.arange(len(alpha))
    points = gammaincinv(alpha[rows, largest][:, None], quantiles)
    below = np.ones_like(points)
    for j in range(alpha.shape[1]):
        others = gammainc(alpha[:, j, None], points)
        below *= np.where((largest == j)[:, None], 1.0, others)
    return np.clip(below @ (weights / 2), 0.0, 1.0)


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
