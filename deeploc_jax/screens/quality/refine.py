"""Scored cells that a forest takes for something else are flagged in their tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.screens.quality.cell_flags import NOT_CELLS, flag_of_class
from deeploc_jax.screens.quality.forest import FORM, LIGHT, fit_forest, forest_features
from deeploc_jax.tables.feature_files import files_in
from deeploc_jax.tables.parquet import channel_names, write_table

FLAG = 'not_a_cell'
_PLATE = ('condition', 'replicate', 'plate')


@dataclasses.dataclass(frozen=True)
class Refined:
    """What the forest did.

    Attributes:
        labelled: Number of labelled cells that it learned from.
        accuracy: Its accuracy on labelled cells that a tree had not seen.
        flagged: Number of cells of the screen that it flagged.
    """

    labelled: int
    accuracy: float
    flagged: int

    def describe(self) -> str:
        """What the forest did, in a sentence."""
        return (
            f'Forest: {self.flagged:,} objects are no cells by their measurements; '
            f'{self.accuracy:.1%} of {self.labelled} labelled cells are called right '
            'by trees that had not seen them.'
        )


def flag_by_forest(
    folder: Path | str,
    labels: Mapping[str, bool],
    not_cells: Collection[str] = NOT_CELLS,
    seed: int = 0,
) -> Refined:
    """Flags what is no cell in every file of a screen's scored cells.

    The flags that an earlier forest gave are replaced. Each file is written whole or
    not at all, and a file whose flags stay as they are is left alone. Measurements of
    all cells are in memory, about 60 bytes a cell.

    Args:
        folder: The folder `cells.parquet`.
        labels: Name of a cell -> whether it is one (`read_cell_labels`).
        not_cells: Classes that are no cells: what has the flag by its class keeps it.
        seed: Seed of the forest.

    Raises:
        ValueError: Too few labelled cells are among the scored ones, or cells were
            given by their centers alone and have no outline to measure.
    """
    files = files_in(Path(folder))
    tables = [_measurements(file) for file in files]
    if not tables:
        raise ValueError(f'{folder} holds no scored cells.')
    everything = pa.concat_tables(tables)
    features = _features(everything)
    said = [labels.get(name) for name in everything['cell_id'].to_pylist()]
    known = np.array([value is not None for value in said], bool)
    is_cell = np.array([bool(value) for value in said], bool)
    outlined = np.isfinite(features[:, 0])
    if not (known & outlined).any() and known.any():
        raise ValueError('the labelled cells have no outlines: nothing is measured.')
    forest = fit_forest(features[known], is_cell[known], seed)
    other = ~forest.predict(features) & outlined
    other[known] = ~is_cell[known]  # what a person says stands
    start = 0
    for file, table in zip(files, tables, strict=True):
        _rewrite(file, other[start : start + len(table)], not_cells)
        start += len(table)
    return Refined(int(known.sum()), float(forest.oob_score_), int(other.sum()))


def _measurements(file: Path) -> pa.Table:
    channels = channel_names(pq.read_schema(file).empty_table(), file)
    light = [f'{start}{channel}' for start in LIGHT for channel in channels]
    return pq.read_table(file, columns=['cell_id', *_PLATE, *FORM, *light])


def _features(table: pa.Table) -> np.ndarray:
    channels = channel_names(table)
    plates = list(zip(*(table[name].to_pylist() for name in _PLATE), strict=True))
    numbers = {plate: number for number, plate in enumerate(dict.fromkeys(plates))}
    columns = {
        name: table[name].to_numpy() for name in table.column_names[1 + len(_PLATE) :]
    }
    own = np.array([numbers[plate] for plate in plates], np.int64)
    return forest_features(columns, channels, own)


def unflag_by_forest(folder: Path | str, not_cells: Collection[str]) -> None:
    """Takes away the flags that an earlier forest gave; see `flag_by_forest`."""
    for file in files_in(Path(folder)):
        flags = pq.read_table(file, columns=['flags'])['flags'].combine_chunks()
        if FLAG in flags.flatten().unique().to_pylist():
            _rewrite(file, np.zeros(len(flags), bool), not_cells)


def _rewrite(file: Path, other: np.ndarray, not_cells: Collection[str]) -> None:
    """Gives the flag to the cells that are none, and takes it from the others."""
    found = pq.read_table(file, columns=['flags', 'predicted_name'])
    before = [flags or [] for flags in found['flags'].to_pylist()]
    classes = found['predicted_name'].to_pylist()
    after = [
        [name for name in flags if name != FLAG]
        + [FLAG] * bool(is_other or flag_of_class(name or '', not_cells) == FLAG)
        for flags, is_other, name in zip(before, other, classes, strict=True)
    ]
    if after != before:
        table = pq.read_table(file)
        number = table.column_names.index('flags')
        column = pa.array(after, table.schema.field(number).type)
        write_table(table.set_column(number, table.schema.field(number), column), file)
