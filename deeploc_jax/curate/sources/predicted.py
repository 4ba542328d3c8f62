"""What a network said of the cells is read from its file, and joined to them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa

from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.tables.parquet import class_names, class_values
from deeploc_jax.tables.predictions import read_predictions


def features_beside(path: Path) -> Path:
    """The file of features that belongs to predictions of `first_guess.name_cells`."""
    return path.with_name(path.name.replace('predictions-', 'features-')).with_suffix(
        '.npy'
    )


def with_predictions(cells: Curated, path: Path) -> Curated:
    """The cells with the predictions of a table, which are joined by `cell_id`.

    Args:
        cells: The cells.
        path: `predictions.parquet` of configs/evaluate.py, or that of `name_cells`,
            whose features are read as well.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It lacks cells, or is no table of predictions.
    """
    table = read_predictions(path)
    rows = {name: row for row, name in enumerate(table['cell_id'].to_pylist())}
    wanted = [rows.get(name, -1) for name in cells.cell_ids.tolist()]
    if -1 in wanted:
        raise ValueError(
            f'{path} lacks {wanted.count(-1):,} of the {len(wanted):,} cells, such as '
            f'{cells.cell_ids[wanted.index(-1)]!r}: it is of another screen or split.'
        )
    found = table.take(pa.array(wanted))
    novelty = found['novelty'].to_numpy().astype(np.float32)
    known = None if np.isnan(novelty).any() else novelty
    named = cells.with_network(class_values(found), class_names(found), known)
    file = features_beside(path)
    if not file.exists() or wanted != list(range(len(cells))):
        return named
    features = np.load(file, mmap_mode='r', allow_pickle=False)
    return dataclasses.replace(named, features=features)
