"""Which cells are unlike anything a network has seen."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.evaluate.features import choose_layer, make_features
from deeploc_jax.evaluate.predict import predict_cells
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import Network
from deeploc_jax.weights.novelty import Mahalanobis, Novelty, threshold

MOST_CELLS = 5000  # of train; more say little more of means and covariance
POOL = 'max'


def distance_of(network: Network) -> tuple[Mahalanobis, str]:
    """What scores the novelty of a cell, and the layer whose features it looks at.

    Raises:
        ValueError: It is not known what the network has seen.
    """
    if network.novelty is None:
        raise ValueError(
            'These weights do not say what the network has seen: others released them, '
            'or they are of a version that did not keep it.'
        )
    return network.novelty.distance, network.novelty.layer


def score_cells(
    network: Network, cells: Cells, mesh: jax.sharding.Mesh, batch_size: int
) -> np.ndarray:
    """Novelty of each cell, float64 [n]; above 1: unlike anything seen.

    Raises:
        ValueError: It is not known what the network has seen.
    """
    distance, layer = distance_of(network)
    return distance.score(_features(network, layer, mesh, batch_size)(cells, 'novelty'))


def fit_novelty(
    network: Network,
    train: Cells,
    validation: Cells,
    mesh: jax.sharding.Mesh,
    batch_size: int,
) -> Novelty | None:
    """Learns what a network has seen, from its last layer's features.

    From one cell of each class there is nothing to be learned: None.

    Args:
        network: The network.
        train: Cells that it was trained on; at most MOST_CELLS of them are used.
        validation: Cells that set what is unusual.
        mesh: From `sharding.make_mesh`.
        batch_size: Cells at a time.
    """
    layer = choose_layer(network, None)
    features = _features(network, layer, mesh, batch_size)
    seen = some_labelled(train, MOST_CELLS)
    distance = Mahalanobis.fit(features(seen, 'what was seen'), seen.labels)
    usual = some_labelled(validation, MOST_CELLS // 5)
    limit = threshold(distance.score(features(usual, 'what is usual')))
    return Novelty(layer, distance.in_units_of(limit)) if limit > 0 else None


def some_labelled(cells: Cells, most: int) -> Cells:
    """Labelled cells, evenly taken where there are more than `most`."""
    known = np.flatnonzero(cells.labels >= 0)
    count = min(most, len(known))
    return cells.at(known[np.linspace(0, len(known) - 1, count).astype(int)])


def _features(
    network: Network, layer: str, mesh: jax.sharding.Mesh, batch_size: int
) -> Callable[[Cells, str], np.ndarray]:
    program = make_features(
        network.model, mesh, crop=network.card.crop, layer=layer, pool=POOL
    )
    variables = sharding.put_replicated(network.variables, mesh)

    def features(cells: Cells, description: str) -> np.ndarray:
        return predict_cells(program, variables, cells, mesh, batch_size, description)

    return features
