"""Batch norm takes its statistics from the cells of another screen, wholly or in part.

Another microscope shifts what every layer sees. Normalized by the statistics of the new
cells, the next layer sees what it was trained on. That holds where the screen has about
the same classes in about the same shares; where it has others, the statistics carry
them, too, and the adaptation does harm.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np
from flax import traverse_util

from deeploc_jax import compilation, sharding
from deeploc_jax.data.augment import center_crop
from deeploc_jax.data.batches import eval_batches
from deeploc_jax.progress import progress_bar
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork

Statistics = dict[str, Any]
"""Means and variances of the layers, by the names of their arrays."""


def statistics_of(
    network: TrainedNetwork, cells: Cells, mesh: jax.sharding.Mesh, batch_size: int
) -> Statistics:
    """What batch norm finds in cells, as in training: the mean over whole batches.

    Args:
        network: The network.
        cells: The cells, in an order that mixes them; a last batch that is not full is
            left out unless it is the only one.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells of a batch, over all devices; the more the better.

    Raises:
        ValueError: There are fewer cells than devices.

    References:
        Li et al. 2018, Pattern Recognition 80:109, Adaptive Batch Normalization.
    """
    model, crop = network.model.clone(bn_momentum=0.0), network.card.crop
    devices = mesh.devices.size
    if len(cells) < devices:
        raise ValueError(f'{len(cells)} cells are too few for {devices} devices.')
    batch_size = min(batch_size, len(cells)) // devices * devices
    whole = cells.at(np.arange(len(cells) // batch_size * batch_size))

    def found(variables: Any, images: jax.Array) -> Any:
        _, updates = model.apply(
            variables,
            center_crop(images, crop),
            train=True,
            mutable=['batch_stats'],
            rngs=dict(dropout=jax.random.key(0)),  # behind the last batch norm
        )
        return updates['batch_stats']

    function = jax.jit(
        found,
        out_shardings=sharding.replicated(mesh),
        compiler_options=compilation.compiler_options(mesh),
    )
    variables = sharding.put_replicated(network.variables, mesh)
    batches = progress_bar(
        eval_batches(whole, batch_size, mesh),
        len(whole) // batch_size,
        'statistics',
        unit='batch',
    )
    made = [
        jax.tree.map(np.asarray, function(variables, batch['image']))
        for batch in batches
    ]
    mean = jax.tree.map(lambda *parts: np.mean(parts, axis=0), *made)
    return traverse_util.flatten_dict(mean, sep='/')


def blended(network: TrainedNetwork, found: Statistics, share: float) -> TrainedNetwork:
    """The network with statistics between its own and others.

    Args:
        network: The network.
        found: Statistics of the new cells.
        share: Share of these, 0 (as it is) to 1.
    """
    own: Statistics = traverse_util.flatten_dict(
        network.variables['batch_stats'], sep='/'
    )
    mixed = {
        name: np.asarray((1 - share) * value + share * found[name], np.float32)
        for name, value in own.items()
    }
    statistics = traverse_util.unflatten_dict(mixed, sep='/')
    variables = dict(network.variables, batch_stats=statistics)
    return dataclasses.replace(network, variables=variables)


def shifts(network: TrainedNetwork, found: Statistics) -> dict[str, float]:
    """How far the new cells are from those of the training, by layer, in its order.

    Returns:
        The root mean square, over the units of a layer, of the difference between the
        means in standard deviations of the training.
    """
    own: Statistics = traverse_util.flatten_dict(
        network.variables['batch_stats'], sep='/'
    )
    layers = [name.removesuffix('/mean') for name in own if name.endswith('/mean')]
    return {
        layer.removesuffix('/bn'): float(
            np.sqrt(
                np.mean(
                    (found[f'{layer}/mean'] - own[f'{layer}/mean']) ** 2
                    / np.maximum(own[f'{layer}/var'], 1e-6)
                )
            )
        )
        for layer in layers
    }
