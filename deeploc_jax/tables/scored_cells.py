"""The tables of a scored screen: every cell, and every field it was found in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float

from deeploc_jax.tables.cell_columns import (
    CELL_COLUMNS,
    LABEL_COLUMNS,
    PREDICTED_COLUMNS,
    SET_COLUMN,
    predicted_values,
    set_values,
)
from deeploc_jax.tables.parquet import family_metadata
from deeploc_jax.tables.schema import TEXT, Column, TableSchema, to_table
from deeploc_jax.types import METADATA, WELL

CELL_FLAGS = {
    'border': 'it lies so close to the edge that it has no probabilities',
    'dead': 'the most probable class is the class of dead cells',
    'ghost': 'the most probable class is the class of ghosts, which are no cells',
    'not_a_cell': 'its class, or its measurements, are of something that is no cell',
}
"""Reasons not to use a cell, and what they mean."""
FIELD_FLAGS = {
    'out_of_focus': 'the field is less sharp than the fields of its plate',
    'dark': 'the field is darker than the fields of its plate',
    'bright': 'the field is brighter than the fields of its plate',
    'saturated': 'too many pixels of the field have the largest value',
    'few_cells': 'the field has fewer cells than the fields of its plate',
    'many_cells': 'the field has more cells than the fields of its plate',
    'few_in_well': 'so few cells were found in the well that they may be debris',
}
"""Reasons not to use any cell of a field, and what they mean."""
PLACE = (*WELL, 'field')
"""Columns that together distinguish one field from another."""
_FLOAT, _WRITTEN_BY = pa.float32(), 'configs/score.py'


def _words(flags: Mapping[str, str]) -> str:
    return '; '.join(f'`{name}`: {meaning}' for name, meaning in flags.items())


SCORED_CELLS = TableSchema(
    'cells.parquet/',
    _WRITTEN_BY,
    'One row per cell of the screen, in a folder of files that Parquet readers take as '
    'one table. `tables.read_scored_cells` also adds the flags of its field to those '
    "of a cell. Names of classes and channels stand in each file's schema metadata "
    '(keys `class_names`, `channels`). Pixels are those of the image as it was saved; '
    'gray values are those after the correction of its light, if that was asked for.',
    (
        *CELL_COLUMNS,
        *LABEL_COLUMNS,
        *PREDICTED_COLUMNS,
        Column(
            'novelty',
            _FLOAT,
            'Distance to the training cells over the threshold that 5 % of validation '
            'cells exceed: above 1, do not trust the class. Null without '
            'probabilities, or if the weights do not say what they have seen.',
        ),
        SET_COLUMN,
        Column('p_<CLASS>', _FLOAT, 'Probability of the class; null at the border.'),
        Column('area', _FLOAT, 'Area of the cell; null without an outline.', 'pixel^2'),
        Column('major_axis', _FLOAT, 'Length of the cell; null likewise.', 'pixel'),
        Column('minor_axis', _FLOAT, 'Width of the cell; null likewise.', 'pixel'),
        Column(
            'orientation',
            _FLOAT,
            'Direction of the long axis, counterclockwise from the horizontal, above '
            '-90 and up to 90; null likewise.',
            'degree',
        ),
        Column('mean_<CHANNEL>', _FLOAT, 'Mean intensity over the area.', 'gray value'),
        Column('integrated_<CHANNEL>', _FLOAT, 'Sum over the area.', 'gray value'),
        Column(
            'corrected_<CHANNEL>',
            _FLOAT,
            'Mean intensity over the area less the background of the field.',
            'gray value',
        ),
        Column(
            'border',
            pa.bool_(),
            'Whether its crop reaches beyond the image, or it touches the edge.',
        ),
        Column(
            'flags',
            pa.list_(TEXT),
            'Reasons not to use the cell; empty for a usable one. '
            f'{_words(CELL_FLAGS)}.',
        ),
    ),
)
FIELDS_SCORED = TableSchema(
    'fields.parquet',
    _WRITTEN_BY,
    'One row per field of the screen, those that could not be used included.',
    (
        *(Column(name, TEXT, METADATA[name]) for name in PLACE),
        Column('protein', TEXT, METADATA['protein']),
        Column('status', TEXT, 'scored, or set_aside.'),
        Column('stage', TEXT, "What failed: read, cells, ...; '' if nothing did."),
        Column('reason', TEXT, "Why it was set aside; '' if it was not."),
        Column('file', TEXT, 'Image file of the protein channel.'),
        Column('height', pa.int32(), 'Height of the image.', 'pixel'),
        Column('width', pa.int32(), 'Width of the image.', 'pixel'),
        Column(
            'pixel_size',
            pa.float64(),
            'Side of a pixel; null if unknown.',
            'micrometer',
        ),
        Column('n_cells', pa.int32(), 'Number of cells that were found.', 'cells'),
        Column('n_border', pa.int32(), 'Number of those at the border.', 'cells'),
        Column(
            'focus_<CHANNEL>',
            _FLOAT,
            'Logarithm of the power of fine over that of coarse detail in cells: '
            'larger for a sharper image. Null with too few cells.',
        ),
        Column(
            'brightness_<CHANNEL>',
            _FLOAT,
            'Median of the pixels in cells less that of the others; null without '
            'cells.',
            'gray value',
        ),
        Column('saturated_<CHANNEL>', _FLOAT, 'Share of pixels of the largest value.'),
        Column(
            'flags',
            pa.list_(TEXT),
            'Reasons not to use any of its cells; empty for a usable field. '
            f'{_words(FIELD_FLAGS)}.',
        ),
        Column(
            'flag_reasons',
            pa.list_(TEXT),
            'The numbers behind each flag, in their order.',
        ),
    ),
)


def scored_cells_table(
    columns: Mapping[str, Any],
    scored: Bool[np.ndarray, ' n'],
    probabilities: Float[np.ndarray, 'm k'],
    novelty: Float[np.ndarray, ' m'] | None,
    class_names: Sequence[str],
    channels: Sequence[str],
    about: Mapping[str, str] | None = None,
    members: Bool[np.ndarray, 'm k'] | None = None,
) -> pa.Table:
    """One row per cell, in the order given.

    Args:
        columns: All columns but those that say what the network made of a cell, each
            [n].
        scored: Which of the n cells have probabilities, m of them.
        probabilities: Of those, in their order.
        novelty: Of those, if it is known.
        class_names: k names in index order.
        channels: Names of the channels that were measured, protein first.
        about: What else the schema's metadata shall hold.
        members: Which classes are in the prediction sets of those cells, if that is
            known.
    """
    found = predicted_values(np.asarray(probabilities, np.float32), class_names)
    if novelty is not None:
        found['novelty'] = np.asarray(novelty, np.float32)
    rows: dict[str, Any] = {n: _spread(v, scored) for n, v in found.items()}
    if novelty is None:
        rows['novelty'] = np.full(len(scored), None)
    sets = iter(set_values(members, class_names, len(probabilities)))
    rows['set_90'] = [next(sets) if known else None for known in scored]
    names = {'CLASS': class_names, 'CHANNEL': channels}
    metadata = family_metadata(class_names, channels) | dict(about or {})
    return to_table({**columns, **rows}, SCORED_CELLS.arrow(names, metadata))


def _spread(values: np.ndarray, scored: np.ndarray) -> np.ma.MaskedArray:
    """The values [m] at the m places of `scored` [n], null elsewhere."""
    spread = np.zeros(len(scored), values.dtype)
    spread[scored] = values
    return np.ma.masked_array(spread, ~scored)
