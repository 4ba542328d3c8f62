"""Profiles are written as files, for this package and for the tools of the field."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from deeploc_jax.files import atomic_write
from deeploc_jax.profiles import cytominer
from deeploc_jax.profiles.agreement import agreement_rows
from deeploc_jax.profiles.tables_of_cells import Profiles
from deeploc_jax.tables.h5ad import write_profiles_h5ad
from deeploc_jax.tables.parquet import class_names, write_table
from deeploc_jax.tables.profiles import REPLICATES
from deeploc_jax.tables.schema import TableSchema, rows_to_table

LAYERS = ('p_', 'posterior_', 'low_', 'high_', 'share_')


@dataclasses.dataclass(frozen=True)
class Normalization:
    """How wells are normalized for pycytominer and copairs.

    Attributes:
        method: One of `cytominer.METHODS`; '' for none.
        controls: See `cytominer.normalize_plates`.
        select: Whether features that tell nothing are left out after that.
    """

    method: str = ''
    controls: str = ''
    select: bool = True


def write_rows(
    workdir: Path,
    found: Profiles,
    schemas: tuple[TableSchema, TableSchema],
    features: tuple[str, ...] = (),
    h5ad: bool = False,
) -> list[Path]:
    """Writes wells and proteins as Parquet, as CSV and, if asked for, as AnnData.

    Args:
        workdir: Folder that they are written to.
        found: The rows.
        schemas: Those of wells and of proteins.
        features: Names of the features; without any, rows are of localizations.
        h5ad: Whether AnnData is written.

    Returns:
        The paths.
    """
    made = []
    for table, schema in zip((found.wells, found.proteins), schemas, strict=True):
        path = workdir / schema.path
        made += [write_table(table, path), write_csv(table, path.with_suffix('.csv'))]
        if h5ad:
            names = features or class_names(table)
            layers = ('',) if features else LAYERS
            file = path.with_suffix('.h5ad')
            made.append(write_profiles_h5ad(table, names, file, layers))
    return made


def write_csv(table: pa.Table, path: Path) -> Path:
    """Writes a table as text, whole or not at all."""
    return atomic_write(path, lambda temporary: pa.csv.write_csv(table, temporary))


def write_cytominer(
    workdir: Path,
    wells: pa.Table,
    names: list[str],
    how: Normalization,
    agreement: bool = False,
    seed: int = 0,
) -> list[Path]:
    """Writes wells for pycytominer, normalizes them and compares replicates.

    Args:
        workdir: Folder that they are written to.
        wells: Rows of wells.
        names: Columns that are features.
        how: What is done to these.
        agreement: Whether replicates are compared; what was found is printed.
        seed: Of the random rankings behind the p-values of that.

    Returns:
        The paths.
    """
    table = cytominer.cytominer_table(wells, names)
    made = [write_table(table, workdir / 'profiles_pycytominer.parquet')]
    if not (how.method or agreement):
        return made
    frame = table.to_pandas()
    if how.method:
        frame = cytominer.normalize_plates(frame, how.method, how.controls)
        if how.select:
            frame = cytominer.select_features(frame)
        kinds = dict(normalized=frame, consensus=cytominer.consensus(frame))
        for name, rows in kinds.items():
            stored = pa.Table.from_pandas(rows, preserve_index=False)
            made.append(write_table(stored, workdir / f'{name}_pycytominer.parquet'))
    if agreement:
        rows = agreement_rows(*cytominer.replicates(frame), seed=seed)
        found = rows_to_table(rows, REPLICATES.arrow())
        made.append(write_table(found, workdir / REPLICATES.path))
        print(agreement_text(found))
    return made


def agreement_text(found: pa.Table) -> str:
    """How well replicates agree, in a sentence."""
    precision, q, r = (
        found[name].to_numpy()
        for name in ('mean_average_precision', 'q_value', 'correlation')
    )
    return (
        f'\nReplicates of {len(found):,} proteins: mean average precision '
        f'{np.mean(precision):.3f}, {np.mean(q < 0.05):.1%} are retrieved with q < '
        f'0.05, median correlation {np.nanmedian(r):.3f}.'
    )
