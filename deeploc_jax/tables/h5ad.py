"""Features and profiles as AnnData, the table of single-cell tools such as scanpy."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax.files import atomic_write
from deeploc_jax.tables.feature_files import cell_values
from deeploc_jax.tables.features import Features
from deeploc_jax.types import WELL


def check_anndata() -> None:
    """Raises an ImportError that names the extra unless anndata is installed."""
    if importlib.util.find_spec('anndata') is None:
        raise ImportError("Files .h5ad need anndata: pip install -e '.[anndata]'")


def write_h5ad(features: Features, path: Path) -> Path:
    """Writes cells x features with all that is known of the cells, whole or not at all.

    `X` has the features and `obs` the other columns of features.parquet, named by
    cell_id; `var` has the names of the features, `uns` the layer, network and screen.

    Raises:
        ImportError: The extra `anndata` is not installed.
    """
    columns = cell_values(features.metadata, features.labels, features.class_names)
    known = {k: v for k, v in features.about.items() if v is not None}
    uns = known | dict(class_names=np.array(features.class_names))
    return _write(path, features.values, columns, 'cell_id', features.names, uns=uns)


def write_profiles_h5ad(
    table: pa.Table,
    names: Sequence[str],
    path: Path,
    prefixes: Sequence[str] = ('',),
) -> Path:
    """Writes profiles x classes or features, whole or not at all.

    Args:
        table: Of profiles.parquet, wells.parquet or their features.
        names: Names of the classes or features, which become `var`.
        path: Path of the file.
        prefixes: Beginnings of the names of their columns. Those of the first become
            `X`, those of the others layers named like them (`low_` is `low`); all other
            columns become `obs`.

    Raises:
        ImportError: The extra `anndata` is not installed.
    """
    blocks = [
        np.stack([_column(table, prefix + name) for name in names], axis=1)
        for prefix in prefixes
    ]
    used = {prefix + name for prefix in prefixes for name in names}
    columns = {
        name: _column(table, name) for name in table.column_names if name not in used
    }
    keys = [columns[name] for name in (*WELL, 'protein') if name in columns]
    rows = ['/'.join(filter(None, key)) for key in zip(*keys, strict=True)]
    columns['profile'] = np.array(rows, object)
    layers = dict(zip([p.rstrip('_') for p in prefixes[1:]], blocks[1:], strict=True))
    return _write(path, blocks[0], columns, 'profile', names, layers=layers)


def _column(table: pa.Table, name: str) -> np.ndarray:
    return table[name].to_numpy(zero_copy_only=False)


def _write(
    path: Path,
    values: np.ndarray,
    columns: Mapping[str, Any],
    index: str,
    names: Sequence[str],
    layers: Mapping[str, Any] | None = None,
    uns: Mapping[str, Any] | None = None,
) -> Path:
    check_anndata()
    import anndata
    import pandas

    obs = pandas.DataFrame(dict(columns)).set_index(index)
    var = pandas.DataFrame(index=np.array(names))
    table = anndata.AnnData(X=values, obs=obs, var=var, layers=layers, uns=uns)
    return atomic_write(path, table.write_h5ad)
