"""Features as AnnData, the table of single-cell tools such as scanpy."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from deeploc_jax.files import atomic_write
from deeploc_jax.tables.features import Features
from deeploc_jax.tables.schema import names_of


def check_anndata() -> None:
    """Raises an ImportError that names the extra unless anndata is installed."""
    if importlib.util.find_spec('anndata') is None:
        raise ImportError("features.h5ad needs anndata: pip install -e '.[anndata]'")


def write_h5ad(features: Features, path: Path) -> Path:
    """Writes cells x features with all that is known of the cells, whole or not at all.

    `X` has the features, `obs` a row a cell with its label by name, `var` the names of
    the features, `uns` where they are from.

    Raises:
        ImportError: The extra `anndata` is not installed.
    """
    check_anndata()
    import anndata
    import pandas

    columns = dict(features.metadata)
    index = columns.pop('cell_id').astype(str)
    label = names_of(features.labels, features.class_names).astype(str)
    obs = pandas.DataFrame(columns | dict(label=label), index=np.asarray(index))
    var = pandas.DataFrame(index=np.array(features.names))
    known = {k: v for k, v in features.about.items() if v is not None}
    uns = known | dict(class_names=np.array(features.class_names))
    table = anndata.AnnData(X=features.values, obs=obs, var=var, uns=uns)
    return atomic_write(path, table.write_h5ad)
