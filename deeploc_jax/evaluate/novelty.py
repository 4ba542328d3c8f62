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
from deeploc_jax.weights.novelty import Novelty

MOST_CELLS = 4000  # of train; with all 14,000 it is no better
POOL = 'max'


def known_novelty(network: Network) -> Novelty:
    """What tells cells unlike anything seen.

    Raises:
        ValueError: It is not known what the network has seen.
    """
    if network.novelty is None:
        raise ValueError(
            'These weights do not say what the network has seen: others released them, '
            'or they are of a version that did not keep it.'
        )
    return network.novelty


def score_cells(
    network: Network, cells: Cells, mesh: jax.sharding.Mesh, batch_size: int
) -> np.ndarray:
    """Novelty of each cell, float32 [n]; above 1: unlike anything seen.

    Raises:
        ValueError: It is not known what the network has seen.
    """
    novelty = known_novelty(network)
    features = _features(network, novelty.layer, mesh, batch_size)
    return novelty.score(features(cells, 'novelty'))


def fit_novelty(
    network: Network,
    train: Cells,
    validation: Cells,
    mesh: jax.sharding.Mesh,
    batch_size: int,
) -> Novelty:
    """Learns what a network has seen, from its last layer's features.

    Args:
        network: The network.
        train: Cells that it was trained on; at most MOST_CELLS of them are used.
        validation: Cells that set what is unusual.
        mesh: From `sharding.make_mesh`.
        batch_size: Cells at a time.
    """
    layer = choose_layer(network, None)
    features = _features(network, layer, mesh, batch_size)
    seen = features(some_labelled(train, MOST_CELLS), 'what was seen')
    usual = features(some_labelled(validation, MOST_CELLS // 4), 'what is usual')
    return Novelty.fit(layer, seen, usual)


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
