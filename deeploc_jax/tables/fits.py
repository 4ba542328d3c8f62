"""Tables of fits: transfers of a network, and probes on frozen features."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from deeploc_jax.tables.parquet import class_metadata, open_table
from deeploc_jax.tables.schema import TEXT, Column, TableSchema, rows_to_table

_COUNT, _NUMBER = pa.int64(), pa.float64()
_DRAWN = (
    Column(
        'cells_per_class',
        _COUNT,
        'Number of training cells of each class, null for all that are labelled.',
        'cells',
    ),
    Column('draw', _COUNT, 'Number of the random draw of these cells, from 0.'),
)
_TRAINED = Column('n_train', _COUNT, 'Number of training cells in all.', 'cells')
_TESTED = (
    Column('test_split', TEXT, 'Split that the fit was tested on.', required=False),
    Column('n_test', _COUNT, 'Number of labelled cells of that split.', 'cells'),
    Column('accuracy', _NUMBER, 'Share of these cells that are called right.'),
    Column('balanced_accuracy', _NUMBER, 'Mean of the recall over the classes.'),
)
TRANSFERS = TableSchema(
    'transfer.parquet',
    'configs/transfer.py',
    'One row per fit: a mode, a number of training cells, a draw of them.',
    (
        Column(
            'mode',
            TEXT,
            'How the network was transferred: fine_tune, frozen_conv, probe, scratch.',
        ),
        *_DRAWN,
        _TRAINED,
        *_TESTED,
        Column(
            'confusion',
            pa.list_(pa.list_(_COUNT)),
            'Number of test cells by true class (outer list) and predicted class '
            "(inner list), in the order of b'class_names' in the schema's metadata.",
            'cells',
        ),
        Column(
            'validation',
            _NUMBER,
            'Balanced accuracy on the validation cells that were not trained on; null '
            'if there are none.',
        ),
        Column(
            'crops',
            _COUNT,
            'Number of crops of a cell whose probabilities are averaged.',
            required=False,
        ),
        Column(
            'temperature',
            _NUMBER,
            'Temperature that divides the logits; null for a probe.',
            required=False,
        ),
        Column(
            'calibration',
            TEXT,
            "Cells that the temperature was fitted on, in words; '' for a probe.",
            required=False,
        ),
        Column(
            'ece',
            _NUMBER,
            'Expected calibration error on the test cells at that temperature; null '
            'for a probe.',
            required=False,
        ),
        Column(
            'ece_before_temperature',
            _NUMBER,
            'The same at temperature 1; null for a probe.',
            required=False,
        ),
        Column(
            'steps',
            _COUNT,
            'Number of training steps; 0 for a probe.',
            required=False,
        ),
        Column('seconds', _NUMBER, 'Duration of the fit.', 's', required=False),
    ),
)
_RECALL = pa.list_(pa.struct([('class_name', TEXT), ('recall', _NUMBER)]))
PROBES = TableSchema(
    'probe.parquet',
    'configs/probe.py',
    'One row per fit: features, a probe, a number of training cells, a draw of them.',
    (
        Column('features', TEXT, 'Name of the folder with the features.'),
        Column('probe', TEXT, 'Kind of classifier.'),
        *_DRAWN,
        Column(
            'training_sets',
            TEXT,
            "Digest of the training sets of an ensemble; '' for other probes.",
            required=False,
        ),
        _TRAINED,
        *_TESTED,
        Column(
            'recall',
            _RECALL,
            'For each class with test cells, the share of them that is called right.',
        ),
        Column('value', _NUMBER, "Value of the probe's parameter."),
        Column(
            'chosen_by',
            _NUMBER,
            'Balanced accuracy that this value was chosen by; null where it could not '
            'be measured.',
        ),
        Column(
            'chosen_among',
            _COUNT,
            'Number of values that it was chosen among.',
            required=False,
        ),
    ),
)


def transfers_table(
    rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]
) -> pa.Table:
    """One row per fit; `confusion` is int [k, k] in the order of the k class names."""
    schema = TRANSFERS.arrow(about=class_metadata(class_names))
    return rows_to_table([dict(row) | _size(row) for row in rows], schema)


def probes_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One row per fit; `recall` is by class name."""
    listed = [
        dict(row) | _size(row) | dict(recall=_recall_list(row['recall']))
        for row in rows
    ]
    return rows_to_table(listed, PROBES.arrow())


def read_fits(path: Path | str) -> pa.Table:
    """Reads transfer.parquet or probe.parquet.

    Earlier versions wrote lists as JSON text, and 0 cells of each class for all: they
    are read as lists and as null.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no table of fits.
    """
    schema = PROBES if Path(path).name == PROBES.path else TRANSFERS
    table = open_table(path, schema)
    for field in schema.arrow():
        if field.name in table.column_names:
            column = _renewed(table[field.name], field, path)
            index = table.column_names.index(field.name)
            table = table.set_column(index, field.name, column)
    return schema.check(table, path)


def _size(row: Mapping[str, Any]) -> dict[str, int | None]:
    return dict(cells_per_class=row['cells_per_class'] or None)


def _renewed(column: pa.ChunkedArray, field: pa.Field, path: Path | str) -> Any:
    """The column as this version writes it."""
    if field.name == 'cells_per_class':
        return pc.if_else(pc.equal(column, 0), None, column)
    if not (pa.types.is_list(field.type) and column.type == TEXT):
        return column
    try:
        values = [json.loads(text) for text in column.to_pylist()]
    except ValueError as error:
        raise ValueError(f'{path}, {field.name} is not valid JSON: {error}') from None
    lists = [_recall_list(v) if isinstance(v, dict) else v for v in values]
    return pa.array(lists, field.type)


def _recall_list(recall: Mapping[str, float]) -> list[dict[str, Any]]:
    return [dict(class_name=name, recall=value) for name, value in recall.items()]
