"""Tables of fits: transfers of a network, and probes on frozen features."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from deeploc_jax.tables.parquet import class_metadata, open_table
from deeploc_jax.tables.schema import TEXT, Column, TableSchema, rows_to_table

_COUNT, _NUMBER = pa.int64(), pa.float64()
_DRAWN = (
    Column(
        'cells_per_class',
        _COUNT,
        'Number of training cells of each class; 0: all that are labelled.',
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
    'A row a fit: a mode, a number of training cells, a draw of them.',
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
            "Cells that the temperature was fitted on; '' for a probe.",
            required=False,
        ),
        Column(
            'ece',
            _NUMBER,
            'Expected calibration error on the test cells; null for a probe.',
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
    'A row a fit: features, a probe, a number of training cells, a draw of them.',
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
    """A row a fit; `confusion` is int [k, k] in the order of the k class names."""
    return rows_to_table(rows, TRANSFERS.arrow(about=class_metadata(class_names)))


def probes_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A row a fit; `recall` is by class name."""
    listed = [row | dict(recall=_recall_list(row['recall'])) for row in map(dict, rows)]
    return rows_to_table(listed, PROBES.arrow())


def read_fits(path: Path | str) -> pa.Table:
    """Reads transfer.parquet or probe.parquet.

    Earlier versions wrote lists as JSON text: they are read as lists.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no table of fits.
    """
    schema = PROBES if Path(path).name == PROBES.path else TRANSFERS
    table = open_table(path, schema)
    for field in schema.arrow():
        if pa.types.is_list(field.type) and field.name in table.column_names:
            index = table.column_names.index(field.name)
            if table.schema.field(index).type == TEXT:
                lists = _from_json(
                    table[field.name].to_pylist(), f'{path}, {field.name}'
                )
                table = table.set_column(index, field, pa.array(lists, field.type))
    return schema.check(table, path)


def _from_json(texts: Sequence[str], where: str) -> list[Any]:
    """Lists that were written as JSON: of counts, or of recall by class name."""
    try:
        values = [json.loads(text) for text in texts]
    except ValueError as error:
        raise ValueError(f'{where} is not valid JSON: {error}') from None
    return [_recall_list(v) if isinstance(v, dict) else v for v in values]


def _recall_list(recall: Mapping[str, float]) -> list[dict[str, Any]]:
    return [dict(class_name=name, recall=value) for name, value in recall.items()]
