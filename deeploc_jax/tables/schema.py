"""Tables that leave an evaluation: their columns, and how they are filled.

`predictions.parquet` has a row a cell, `proteins.parquet` a row a protein (a well where
no protein is known). In both, p_<CLASS> columns hold class probabilities in index order
and the schema's metadata has the class names under b'class_names', a JSON list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from deeploc_jax.types import LATER, METADATA


def predictions_schema(class_names: Sequence[str]) -> pa.Schema:
    """Columns of predictions.parquet; label is -1 and label_name '' if unlabelled.

    A cell with a novelty above 1 is unlike anything seen in training; it is null where
    the weights do not say what that was.
    """
    numbers = dict.fromkeys(('x', 'y'), pa.float32())
    fields = [(name, numbers.get(name, pa.string())) for name in METADATA]
    fields += [('label', pa.int32()), ('label_name', pa.string())]
    fields += [('predicted', pa.int32()), ('predicted_name', pa.string())]
    fields += [('confidence', pa.float32()), ('novelty', pa.float32())]
    return _schema(fields, class_names, ('p_',))


def proteins_schema(class_names: Sequence[str]) -> pa.Schema:
    """Columns of proteins.parquet; `proteins.proteins_table` says what they mean."""
    fields = [('protein', pa.string()), ('unit', pa.string())]
    fields += [('n_cells', pa.int32()), ('n_labelled', pa.int32())]
    fields += [('label', pa.int32()), ('label_name', pa.string())]
    fields += [('labels_agree', pa.bool_())]
    fields += [('predicted', pa.int32()), ('predicted_name', pa.string())]
    fields += [('confidence', pa.float32()), ('certainty', pa.float32())]
    return _schema(fields, class_names, ('p_', 'posterior_'))


def predictions_table(
    metadata: Mapping[str, np.ndarray],
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    novelty: np.ndarray | None = None,
) -> pa.Table:
    """A row a cell, in the order given.

    Args:
        metadata: The `METADATA` columns, each [n].
        labels: int [n], -1 for an unlabelled cell.
        probabilities: float [n, k].
        class_names: k names in index order.
        novelty: float [n], if it is known.

    Raises:
        ValueError: A column is missing or of another length, or a label is no class.
    """
    check_rows(metadata, labels, probabilities, class_names, tuple(METADATA))
    columns = {name: metadata[name] for name in METADATA}
    columns |= {'label': labels, 'label_name': names_of(labels, class_names)}
    columns |= call_columns(np.asarray(probabilities, np.float32), class_names)
    columns['novelty'] = np.full(len(labels), None) if novelty is None else novelty
    return to_table(columns, predictions_schema(class_names))


def with_later(table: pa.Table) -> pa.Table:
    """The table with '' in the columns `LATER`, where an earlier version wrote it."""
    for name in LATER:
        if name not in table.column_names:
            table = table.append_column(name, pa.array([''] * len(table)))
    return table


def check_rows(
    metadata: Mapping[str, np.ndarray],
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    columns: Sequence[str],
) -> None:
    """Raises a ValueError unless the parts of a prediction fit each other.

    Args:
        metadata: Columns by name, each [n].
        labels: int [n], -1 or a class.
        probabilities: Finite float [n, k].
        class_names: k names.
        columns: Metadata columns that have to be there.
    """
    missing = [name for name in columns if name not in metadata]
    if missing:
        raise ValueError(f'metadata lacks the columns {", ".join(missing)}.')
    n, k = len(labels), len(class_names)
    odd = [f'{c} ({len(metadata[c])})' for c in columns if len(metadata[c]) != n]
    if odd:
        raise ValueError(f'{n} labels, but other numbers of rows in {", ".join(odd)}.')
    if np.shape(probabilities) != (n, k):
        raise ValueError(
            f'probabilities have shape {np.shape(probabilities)}, but there are {n} '
            f'labels and {k} class names.'
        )
    finite = np.isfinite(probabilities).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(f'probabilities[{row}] are not finite: look at this crop.')
    bad = np.flatnonzero((np.asarray(labels) < -1) | (np.asarray(labels) >= k))
    if bad.size:
        raise ValueError(
            f'labels[{bad[0]}] is {labels[bad[0]]}, but there are only {k} classes, '
            'and -1 for an unlabelled cell.'
        )


def call_columns(
    probabilities: np.ndarray, class_names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Columns of the most probable class, and p_<CLASS>, from [n, k] probabilities."""
    predicted = probabilities.argmax(axis=1)
    return {
        'predicted': predicted,
        'predicted_name': names_of(predicted, class_names),
        'confidence': probabilities.max(axis=1),
    } | class_columns('p_', probabilities, class_names)


def class_columns(
    prefix: str, values: np.ndarray, class_names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Columns <prefix><CLASS> of values [n, k]."""
    return {prefix + name: values[:, i] for i, name in enumerate(class_names)}


def names_of(labels: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
    """Class names [n] of labels [n], '' for -1."""
    return np.array([*class_names, ''], object)[np.asarray(labels)]


def to_table(columns: Mapping[str, np.ndarray], schema: pa.Schema) -> pa.Table:
    """The schema's columns, of one length, as a table."""
    arrays = [pa.array(columns[f.name], f.type) for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _schema(
    fields: list[tuple[str, pa.DataType]],
    class_names: Sequence[str],
    prefixes: Sequence[str],
) -> pa.Schema:
    twice = {name for name in class_names if list(class_names).count(name) > 1}
    if twice or not class_names:
        raise ValueError(f'class names must be given once each; twice: {twice}.')
    columns = [p + name for p in prefixes for name in class_names]
    fields = fields + [(name, pa.float32()) for name in columns]
    return pa.schema(fields, {'class_names': json.dumps(list(class_names))})


def confusion_table(
    counts: Sequence[Sequence[int]], class_names: Sequence[str]
) -> pa.Table:
    """A row for every pair of classes that has cells: true, predicted, cells.

    Args:
        counts: [k, k], rows the true class; empty where no cell is labelled.
        class_names: k names in index order.
    """
    matrix = np.array(counts, np.int64).reshape(2 * [len(counts)])
    true, predicted = np.nonzero(matrix)
    names = np.array(class_names, object)
    return pa.table(
        dict(
            true=pa.array(names[true], pa.string()),
            predicted=pa.array(names[predicted], pa.string()),
            cells=matrix[true, predicted],
        )
    )
