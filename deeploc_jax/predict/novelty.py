"""Detects cells that are unlike anything a network has seen."""

from __future__ import annotations

import jax
import numpy as np
from jaxtyping import Bool, Float32, Integer

from deeploc_jax.predict.features import choose_layer, make_cell_features
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork
from deeploc_jax.weights.novelty import Novelty

MOST_SEEN, MOST_USUAL = 4000, 1000
"""Cells of train and of validation that are used, at most."""


def known_novelty(network: TrainedNetwork) -> Novelty:
    """The detector of cells unlike anything seen.

    Raises:
        ValueError: The weights do not say what the network has seen.
    """
    if network.novelty is None:
        raise ValueError(
            'These weights do not say what the network has seen: others released them, '
            'or an earlier version wrote them, or every validation cell was trained '
            'on, and none is left to show what is usual.'
        )
    return network.novelty


def fit_novelty(
    network: TrainedNetwork,
    train: Cells,
    validation: Cells,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    *,
    rows: Integer[np.ndarray, ' m'] | None = None,
    held_out: Bool[np.ndarray, ' n'] | None = None,
    features: Float32[np.ndarray, 'n f'] | None = None,
) -> Novelty | None:
    """Learns what a network has seen, from its last layer's features.

    Uses at most 4,000 labelled cells: all 14,000 of a screen did not separate classes
    that were left out any better.

    Args:
        network: The network.
        train: Cells that it was trained on.
        validation: Cells that set what is usual.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        rows: Rows of `train` that it was trained on, [m]; None for all labelled ones.
        held_out: Validation cells that it was not trained on, bool [n]; None for all.
        features: Last layer's features of all validation cells, float32 [n, f], where
            they are known already.

    Returns:
        The detector, or None where no labelled cell of validation is left.
    """
    known = np.arange(len(train)) if rows is None else np.unique(rows)
    left = np.arange(len(validation))
    left = left if held_out is None else left[held_out]
    usual = _some_labelled(validation, left, MOST_USUAL)
    if not len(usual):
        return None
    layer = choose_layer(network, None)
    extract = make_cell_features(network, mesh, batch_size, layer=layer)
    seen = train.at(_some_labelled(train, known, MOST_SEEN))
    if features is None:
        found = extract(validation.at(usual), 'what is usual')
    else:
        found = features[usual]
    return Novelty.fit(layer, extract(seen, 'what was seen'), seen.labels, found)


def _some_labelled(
    cells: Cells, rows: Integer[np.ndarray, ' n'], most: int
) -> Integer[np.ndarray, ' m']:
    """Rows of labelled cells, evenly taken where there are more than `most`."""
    rows = rows[cells.labels[rows] >= 0]
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)]
