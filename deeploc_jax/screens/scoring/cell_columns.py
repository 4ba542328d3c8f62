"""The cells of several fields become the columns of one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deeploc_jax.screens.scoring.field_cells import FieldCells
from deeploc_jax.tables.scored_cells import PLACE, SCORED_CELLS

_MEASURED = (
    'area',
    'major_axis',
    'minor_axis',
    'orientation',
    'mean_<CHANNEL>',
    'integrated_<CHANNEL>',
    'corrected_<CHANNEL>',
)


def cell_columns(
    fields: Sequence[FieldCells], channels: Sequence[str], class_names: Sequence[str]
) -> dict[str, Any]:
    """Columns [n] of `SCORED_CELLS` but `flags` and those that a network fills.

    Args:
        fields: The fields, whose cells become n rows in their order.
        channels: Channels that the cells were measured in.
        class_names: Classes of the network, which number the labels.
    """
    fields = [field for field in fields if len(field.scored)]
    schema = SCORED_CELLS.select(_MEASURED, {'CHANNEL': channels})
    columns: dict[str, Any] = {
        column.name: np.ma.masked_invalid(_joined(fields, column.name))
        for column in schema.columns
    }
    columns |= {name: _joined(fields, name) for name in ('x', 'y')}
    columns['border'] = _joined(fields, 'border').astype(bool)
    counts = [len(field.scored) for field in fields]
    for name in (*PLACE, 'protein', 'label'):
        values = np.array([getattr(f.field, name) for f in fields], object)
        columns[name] = np.repeat(values, counts)
    names = columns['label_name'] = columns['label']
    numbers = {name: number for number, name in enumerate(class_names)}
    columns['label'] = np.array([numbers.get(n, -1) for n in names], np.int32)
    columns['cell_id'] = np.array(
        [f'{f.field.name}-{number}' for f in fields for number in f.columns['cell']],
        object,
    )
    return columns


def _joined(fields: Sequence[FieldCells], name: str) -> np.ndarray:
    empty = np.zeros(0, np.float32)
    return np.concatenate([empty, *(field.columns[name] for field in fields)])
