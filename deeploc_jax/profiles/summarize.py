"""Cells become rows of wells.parquet and profiles.parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax.profiles.cells import ProfiledCells
from deeploc_jax.profiles.groups import Groups, group_by
from deeploc_jax.profiles.localization import Options, localization_columns
from deeploc_jax.tables.cell_columns import names_of
from deeploc_jax.tables.parquet import class_metadata
from deeploc_jax.tables.profiles import (
    PROFILE_KEY,
    PROFILES,
    WELL_KEY,
    WELL_PROFILES,
)
from deeploc_jax.tables.schema import to_table


def well_rows(cells: ProfiledCells, options: Options) -> pa.Table:
    """One row per well and protein in it; `tables.WELL_PROFILES` has the columns."""
    wells = group_by(cells.keys, WELL_KEY)
    columns = _columns(cells, wells, wells, options)
    schema = WELL_PROFILES.arrow(cells.class_names, class_metadata(cells.class_names))
    return to_table(columns, schema)


def profile_rows(cells: ProfiledCells, options: Options) -> pa.Table:
    """One row per protein, condition and replicate; `tables.PROFILES` has the columns.

    Cells without the name of a protein make rows with the name ''.
    """
    wells, groups = group_by(cells.keys, WELL_KEY), group_by(cells.keys, PROFILE_KEY)
    columns = _columns(cells, groups, wells, options)
    columns['n_wells'] = groups.count_distinct(wells)
    schema = PROFILES.arrow(cells.class_names, class_metadata(cells.class_names))
    return to_table(columns, schema)


def _columns(
    cells: ProfiledCells, groups: Groups, wells: Groups, options: Options
) -> dict[str, Any]:
    used, of_well = groups.where(cells.usable), wells.of_cell[cells.usable]
    columns: dict[str, Any] = dict(groups.keys)
    columns |= dict(n_all=groups.count(), n_cells=used.count())
    columns |= _label_columns(cells.labels[cells.usable], used, cells.class_names)
    columns |= localization_columns(
        cells.probabilities[cells.usable], used, of_well, cells.class_names, options
    )
    columns |= abundance_columns(
        cells.intensity[cells.usable], cells.abundance[cells.usable], used
    )
    return {name: nulls_for_nan(values) for name, values in columns.items()}


def abundance_columns(
    intensity: np.ndarray, abundance: np.ndarray, groups: Groups
) -> dict[str, np.ndarray]:
    """Columns intensity, abundance and log2_abundance, each [g].

    Args:
        intensity: Mean intensity by area of each cell [n], NaN where not measured.
        abundance: The same above the background.
        groups: Of the n cells.

    References:
        Kraus et al. 2017: the abundance of a protein is the mean over its cells of
        their mean intensity by area.
    """
    means = {}
    for name, values in dict(intensity=intensity, abundance=abundance).items():
        known = np.isfinite(values)
        means[name] = groups.where(known).mean(values[known][:, None])[:, 0]
    positive = np.where(means['abundance'] > 0, means['abundance'], np.nan)
    return means | dict(log2_abundance=np.log2(positive))


def _label_columns(
    labels: np.ndarray, groups: Groups, class_names: Sequence[str]
) -> dict[str, np.ndarray]:
    votes = groups.sum(labels[:, None] == np.arange(len(class_names)))
    majority = np.where(votes.any(axis=1), votes.argmax(axis=1), -1)
    return dict(label=majority, label_name=names_of(majority, class_names))


def nulls_for_nan(values: np.ndarray) -> np.ndarray:
    """Numbers [g], masked where they are NaN, so that a table has nulls there."""
    return np.ma.masked_invalid(values) if values.dtype.kind == 'f' else values
