"""Features of `lean-sim`, and a regression on them, for the studies of curation."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.curate.sources.first_guess import name_cells
from deeploc_jax.curate.sources.from_screen import open_screen_cells
from deeploc_jax.curate.sources.predicted import with_predictions
from deeploc_jax.weights.folder import read_weights

NETWORK = 'lean-sim'


def read(builder: Any, split: str) -> Curated:
    """Cells of a split with features in memory."""
    cells, network = open_screen_cells(builder, split), read_weights(NETWORK)
    with tempfile.TemporaryDirectory() as folder:
        named = with_predictions(cells, name_cells(cells, network, Path(folder)))
        features = np.array(named.features, np.float32)
    return dataclasses.replace(named, features=features)


def fit(features: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    """A logistic regression."""
    return LogisticRegression(C=0.1, max_iter=300, tol=1e-3).fit(features, labels)
