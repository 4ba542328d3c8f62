"""Which cells are unlike anything a network has seen."""

from __future__ import annotations

import jax
import numpy as np

from deeploc_jax.predict.features import choose_layer, make_cell_features
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork
from deeploc_jax.weights.novelty import Novelty

MOST_SEEN, MOST_USUAL = 4000, 1000  # cells of train and validation that are looked at


def known_novelty(network: TrainedNetwork) -> Novelty:
    """What tells cells unlike anything seen.

    Raises:
        ValueError: It is not known what the network has seen.
    """
    if network.novelty is None:
        raise ValueError(
            'These weights do not say what the network has seen: others released them, '
            'they are of a version that did not keep it, or every validation cell was '
            'trained on, and none is left to tell what is usual.'
        )
    return network.novelty


def score_cells(
    network: TrainedNetwork, cells: Cells, mesh: jax.sharding.Mesh, batch_size: int
) -> np.ndarray:
    """Novelty of cells.

    Args:
        network: Which knows what it has seen.
        cells: Normalised as for the network.
        mesh: From `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.

    Returns:
        float32 [n]; above 1: unlike anything seen.

    Raises:
        ValueError: It is not known what the network has seen.
    """
    novelty = known_novelty(network)
    features = make_cell_features(network, mesh, batch_size, layer=novelty.layer)
    return novelty.score(features(cells, 'novelty'))


def fit_novelty(
    network: TrainedNetwork,
    train: Cells,
    validation: Cells,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    *,
    rows: np.ndarray | None = None,
    held_out: np.ndarray | None = None,
) -> Novelty | None:
    """Learns what a network has seen, from its last layer's features.

    Of labelled cells alone, and of some thousand of them: with all 14,000 of a screen
    classes left out were told no better.

    Args:
        network: The network.
        train: Cells that it was trained on.
        validation: Cells that set what is unusual.
        mesh: From `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        rows: Which of `train` it was trained on, [m]; None: all that are labelled.
        held_out: Which of `validation` it was not trained on, bool [n]; None: all.

    Returns:
        None where no labelled cell of validation is left.
    """
    layer = choose_layer(network, None)
    features = make_cell_features(network, mesh, batch_size, layer=layer)
    known = np.arange(len(train)) if rows is None else np.unique(rows)
    seen = train.at(_some_labelled(train, known, MOST_SEEN))
    left = np.arange(len(validation))
    left = left if held_out is None else left[held_out]
    usual = validation.at(_some_labelled(validation, left, MOST_USUAL))
    if not len(usual):
        return None
    return Novelty.fit(
        layer,
        features(seen, 'what was seen'),
        seen.labels,
        features(usual, 'what is usual'),
    )


def _some_labelled(cells: Cells, rows: np.ndarray, most: int) -> np.ndarray:
    """Rows of labelled cells, evenly taken where there are more than `most`."""
    rows = rows[cells.labels[rows] >= 0]
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)]
