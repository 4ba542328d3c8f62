"""Features on disk: one row per cell, one column per feature, in parts.

`features.parquet` is a folder of Parquet files, which pyarrow, pandas and polars read
as one table. The schema's metadata says what the columns are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.tables.cell_columns import CELL_COLUMNS, LABEL_COLUMNS, names_of
from deeploc_jax.tables.schema import TEXT, Column, TableSchema, to_table
from deeploc_jax.types import METADATA, Cells

ABOUT = b'features'
FEATURES = TableSchema(
    'features.parquet/',
    'configs/features.py',
    'One row per cell, in a folder of files that Parquet readers take as one table. '
    'Which layer, network and screen they are of stands in each file too (key '
    "`features` of the file's schema metadata). features.h5ad has the same columns: "
    'the features as `X`, the others as `obs`, named by cell_id.',
    (
        *CELL_COLUMNS,
        Column('split', TEXT, 'Split of the screen.'),
        *LABEL_COLUMNS,
        Column('<FEATURE>', pa.float32(), 'Value of the feature.'),
    ),
)


def features_table(
    cells: Cells,
    split: str,
    names: Sequence[str],
    values: np.ndarray,
    about: dict[str, Any],
) -> pa.Table:
    """One row per cell, in the order of the cells.

    Args:
        cells: Their labels and metadata are kept.
        split: Which they are of.
        names: f names of features.
        values: float32 [n, f].
        about: What else to say, as JSON allows.
    """
    metadata = {name: cells.metadata[name] for name in METADATA}
    metadata['split'] = np.full(len(cells), split, object)
    columns = cell_values(metadata, cells.labels, cells.class_names)
    columns |= zip(names, np.ascontiguousarray(values.T), strict=True)
    facts = dict(about, names=list(names), class_names=list(cells.class_names))
    schema = FEATURES.arrow(names, {ABOUT.decode(): json.dumps(facts)})
    return to_table(columns, schema)


def cell_values(
    metadata: dict[str, np.ndarray], labels: np.ndarray, class_names: Sequence[str]
) -> dict[str, np.ndarray]:
    """The columns that are no features, each [n], in table order."""
    return metadata | dict(label=labels, label_name=names_of(labels, class_names))


def files_in(folder: Path) -> list[Path]:
    """Its Parquet files, but for hidden ones that a killed run left half-written."""
    return sorted(folder.glob('[!.]*.parquet'))


def size_of(folder: Path) -> tuple[int, int]:
    """Number of cells and of features in `features.parquet`, which is not read."""
    files = [pq.read_metadata(path) for path in files_in(folder)]
    about = json.loads(files[0].metadata[ABOUT])
    return sum(f.num_rows for f in files), len(about['names'])
