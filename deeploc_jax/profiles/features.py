"""Features of the cells of a well or a protein become one row: median or mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from deeploc_jax.profiles.groups import Groups, group_by
from deeploc_jax.tables.profiles import (
    PROFILE_FEATURES,
    PROFILE_KEY,
    WELL_FEATURES,
    WELL_KEY,
)
from deeploc_jax.tables.schema import to_table

STATISTICS = ('median', 'mean')


def feature_rows(
    cells: pa.Table,
    names: Sequence[str],
    statistic: str,
    unusable: np.ndarray | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Rows of `tables.WELL_FEATURES` and of `tables.PROFILE_FEATURES`.

    Args:
        cells: Of `tables.FEATURES`.
        names: f names of features.
        statistic: 'median' or 'mean', feature by feature.
        unusable: Sorted `cell_hashes` of cells that are only counted. Cells with a
            feature that is not a number are not usable either.
    """
    values = np.stack([cells[name].to_numpy() for name in names], axis=1)
    usable = np.asarray(np.isfinite(values).all(axis=1))
    if unusable is not None and len(unusable):
        found = cell_hashes(cells)
        at = np.minimum(np.searchsorted(unusable, found), len(unusable) - 1)
        usable &= unusable[at] != found
    wells, groups = group_by(cells, WELL_KEY), group_by(cells, PROFILE_KEY)
    tables = []
    for schema, by in ((WELL_FEATURES, wells), (PROFILE_FEATURES, groups)):
        used = by.where(usable)
        columns = dict(by.keys, n_all=by.count(), n_cells=used.count())
        columns['n_wells'] = by.count_distinct(wells)
        summed = summarized(values[usable], used, statistic)
        columns |= zip(names, np.ma.masked_invalid(summed).T, strict=True)
        tables.append(to_table(columns, schema.arrow(names)))
    return tables[0], tables[1]


def summarized(values: np.ndarray, groups: Groups, statistic: str) -> np.ndarray:
    """Median or mean of each feature [n, f] in each group, [g, f]; NaN without cells.

    Raises:
        ValueError: There is no such statistic.
    """
    if statistic not in STATISTICS:
        raise ValueError(f'statistic ({statistic}) must be one of {STATISTICS}.')
    if statistic == 'mean':
        return groups.mean(values)
    found = np.full((len(groups), values.shape[1]), np.nan)
    for group, rows in groups.members():
        found[group] = np.median(values[rows], axis=0)
    return found


def cell_hashes(cells: pa.Table) -> np.ndarray:
    """A number [n], uint64, for each cell's screen and name."""
    names = zip(cells['screen'].to_pylist(), cells['cell_id'].to_pylist(), strict=True)
    return np.array([hash(name) for name in names], np.int64).view(np.uint64)
