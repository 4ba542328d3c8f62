"""Features as AnnData, the table of single-cell tools such as scanpy."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from deeploc_jax.files import atomic_write
from deeploc_jax.tables.feature_files import cell_values
from deeploc_jax.tables.features import Features


def check_anndata() -> None:
    """Raises an ImportError that names the extra unless anndata is installed."""
    if importlib.util.find_spec('anndata') is None:
        raise ImportError("features.h5ad needs anndata: pip install -e '.[anndata]'")


def write_h5ad(features: Features, path: Path) -> Path:
    """Writes cells x features with all that is known of the cells, whole or not at all.

    `X` has the features and `obs` the other columns of features.parquet, named by
    cell_id; `var` has the names of the features, `uns` the layer, network and screen.

    Raises:
        ImportError: The extra `anndata` is not installed.
    """
    check_anndata()
    import anndata
    import pandas

    columns = cell_values(features.metadata, features.labels, features.class_names)
    obs = pandas.DataFrame(columns).set_index('cell_id')
    var = pandas.DataFrame(index=np.array(features.names))
    known = {k: v for k, v in features.about.items() if v is not None}
    uns = known | dict(class_names=np.array(features.class_names))
    table = anndata.AnnData(X=features.values, obs=obs, var=var, uns=uns)
    return atomic_write(path, table.write_h5ad)
