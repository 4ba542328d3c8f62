"""Several trainings of one network at once, from weights of another task or from none.

On a handful of cells a step is too small to keep an accelerator busy. The draws of a
handful are stacked, and one compiled program updates all of their networks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import traverse_util
from jax.sharding import NamedSharding, PartitionSpec

from deeploc_jax import compilation, sharding
from deeploc_jax.models.network import Network
from deeploc_jax.train.state import TrainState
from deeploc_jax.train.step import make_update
from deeploc_jax.types import Batch

InitTogether = Callable[
    [np.ndarray, dict[str, Any] | None, np.ndarray | None], TrainState
]
StepTogether = Callable[[TrainState, dict[str, Any], jax.Array], TrainState]


def transferred(
    source: dict[str, Any], fresh: dict[str, Any], head: str
) -> dict[str, Any]:
    """The source's arrays in place of fresh ones, but for the layer of the classes.

    Args:
        source: Variables of a network for other classes.
        fresh: Initial variables of the network for the new ones.
        head: Name of that layer, `Network.HEAD`.

    Raises:
        ValueError: A layer has another shape in the source, which saw other channels
            or other crops; it is named.

    References:
        Kraus et al. 2017: all layers but the last are restored.
    """
    old: dict[Any, Any] = traverse_util.flatten_dict(source)
    new: dict[Any, Any] = traverse_util.flatten_dict(fresh)
    for path in new:
        if path[1] == head:
            continue
        if path not in old or old[path].shape != new[path].shape:
            found = old[path].shape if path in old else 'absent'
            raise ValueError(
                f'{"/".join(path)} is {found} in the source, but {new[path].shape} for '
                'the target: take as many channels, and crops of the same size.'
            )
        new[path] = old[path]
    return traverse_util.unflatten_dict(new)


def make_init_together(
    model: Network,
    tx: optax.GradientTransformation,
    image_shape: tuple[int, ...],
    mesh: jax.sharding.Mesh,
) -> InitTogether:
    """Makes the jitted `(seeds, source, mean_images) -> states`, of several trainings.

    Every array of the states has a first axis of draws. The seeds [d] decide the
    initial values, `source` has variables to start from; None: from scratch, with the
    mean images [d, h, w, c] of a network that subtracts one.

    Args:
        model: The network.
        tx: The optimizer.
        image_shape: [h, w, c] that it sees.
        mesh: From `sharding.make_mesh`.
    """

    def init(seed: jax.Array, source: Any, mean_image: Any) -> TrainState:
        image = jnp.zeros((1, *image_shape), jnp.float32)
        variables = dict(model.init(jax.random.key(seed), image, train=False))
        if source is not None:
            variables = transferred(source, variables, model.HEAD)
        params, batch_stats = variables['params'], variables.get('batch_stats', {})
        if mean_image is not None:
            batch_stats = dict(batch_stats, mean_image=mean_image)
        return TrainState(
            step=jnp.zeros((), jnp.int32),
            params=params,
            batch_stats=batch_stats,
            opt_state=tx.init(params),
        )

    stacked = jax.vmap(init, in_axes=(0, None, 0))
    return jax.jit(stacked, out_shardings=sharding.replicated(mesh))


def make_step_together(
    model: nn.Module,
    tx: optax.GradientTransformation,
    mesh: jax.sharding.Mesh,
    *,
    augmentation: dict[str, Any],
) -> StepTogether:
    """Makes the jitted `(states, data, seeds) -> states`, one update of each.

    `data` holds `images` [n, h, w, c] and `labels` [n] of all cells, and `rows` [d, b],
    the batch of each training; the seeds [d] decide augmentation and dropout.
    """
    update = make_update(model, tx, augmentation=augmentation)
    split = NamedSharding(mesh, PartitionSpec(None, 'data'))

    def step(states: TrainState, data: dict[str, Any], seeds: jax.Array) -> TrainState:
        rows = jax.lax.with_sharding_constraint(data['rows'], split)
        batches = Batch(image=data['images'][rows], label=data['labels'][rows])
        keys = jax.vmap(jax.random.key)(seeds)
        return jax.vmap(update)(states, batches, keys)[0]

    return jax.jit(
        step,
        out_shardings=sharding.replicated(mesh),
        donate_argnums=0,
        compiler_options=compilation.compiler_options(mesh),
    )
