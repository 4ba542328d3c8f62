"""Whole tables of cells become tables of wells and of proteins, in bounded memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from deeploc_jax.profiles.cells import profiled_cells
from deeploc_jax.profiles.features import cell_hashes, feature_rows
from deeploc_jax.profiles.localization import Options
from deeploc_jax.profiles.partitions import MEMORY, partitions
from deeploc_jax.profiles.summarize import profile_rows, well_rows
from deeploc_jax.tables.profiles import PROFILE_KEY, WELL_KEY


@dataclasses.dataclass(frozen=True)
class Profiles:
    """The rows that cells were summed up in.

    Attributes:
        wells: A row per well and protein in it.
        proteins: A row per protein, condition and replicate.
        unusable: Sorted hashes of the cells that were only counted.
    """

    wells: pa.Table
    proteins: pa.Table
    unusable: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, 'u8'))


def localization_profiles(
    parts: Iterable[pa.Table],
    folder: Path,
    options: Options,
    ignored: Sequence[str] = (),
    channel: str = '',
    memory: int = MEMORY,
) -> Profiles:
    """Profiles of localization and abundance.

    Args:
        parts: Tables of scored cells or of predictions, of the same classes.
        folder: Place of temporary files.
        options: How cells are summed up.
        ignored: Classes whose cells are not usable.
        channel: The protein channel, see `profiled_cells`.
        memory: Bytes of cells held without files.

    Raises:
        ValueError: There is no cell, or there are no such classes or channels.
    """
    wells, proteins, unusable = [], [], []
    for table in partitions(_of_one_kind(parts), PROFILE_KEY, folder, memory):
        cells = profiled_cells(table, ignored, channel)
        wells.append(well_rows(cells, options))
        proteins.append(profile_rows(cells, options))
        unusable.append(cell_hashes(table.filter(pa.array(~cells.usable))))
    hashes = np.sort(np.concatenate([*unusable, np.zeros(0, 'u8')]))
    return Profiles(_joined(wells, WELL_KEY), _proteins(proteins), hashes)


def feature_profiles(
    parts: Iterable[tuple[pa.Table, tuple[str, ...]]],
    folder: Path,
    statistic: str,
    unusable: np.ndarray | None = None,
    memory: int = MEMORY,
) -> tuple[Profiles, tuple[str, ...]]:
    """Profiles of features, and the names of the features.

    Args:
        parts: Tables of features with the names of these.
        folder: Place of temporary files.
        statistic: 'median' or 'mean'.
        unusable: See `feature_rows`.
        memory: Bytes of cells held without files.

    Raises:
        ValueError: There is no cell, or parts have other features than the first.
    """
    names: tuple[str, ...] = ()

    def tables() -> Iterator[pa.Table]:
        nonlocal names
        for table, found in parts:
            names = names or found
            if found != names:
                raise ValueError('Tables of features of different layers were given.')
            yield table.replace_schema_metadata(None)

    pairs = [
        feature_rows(table, names, statistic, unusable)
        for table in partitions(tables(), PROFILE_KEY, folder, memory)
    ]
    wells, proteins = zip(*pairs, strict=True) if pairs else ((), ())
    return Profiles(_joined(wells, WELL_KEY), _proteins(proteins)), names


def _of_one_kind(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    first: pa.Schema | None = None
    for part in parts:
        first = first or part.schema
        if not part.schema.equals(first):
            other = sorted(set(part.schema.names) ^ set(first.names))
            raise ValueError(
                'Tables of cells are of different kinds, classes or channels; not in '
                f'all of them: {", ".join(other)}.'
            )
        yield part


def _joined(tables: Sequence[pa.Table], key: Sequence[str]) -> pa.Table:
    if not tables or not any(map(len, tables)):
        raise ValueError('There is no cell in the tables of cells.')
    return pa.concat_tables(tables).sort_by([(name, 'ascending') for name in key])


def _proteins(tables: Sequence[pa.Table]) -> pa.Table:
    """Rows with the name of a protein; all of them where no cell has one."""
    joined = _joined(tables, PROFILE_KEY)
    named = joined['protein'].to_numpy(zero_copy_only=False) != ''
    return joined.filter(pa.array(named)) if named.any() else joined
