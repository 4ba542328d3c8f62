"""Several trainings of one network at once, one of each draw.

On a handful of cells a step is too small to keep an accelerator busy. Every array of
the states has a first axis of draws, and one compiled program updates all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import traverse_util
from jax.sharding import NamedSharding, PartitionSpec

from deeploc_jax import compilation, sharding
from deeploc_jax.class_map import ClassMap
from deeploc_jax.models.network import Network
from deeploc_jax.train.state import TrainState
from deeploc_jax.train.step import make_update
from deeploc_jax.types import Batch


def transferred(
    source: dict[str, Any],
    fresh: dict[str, Any],
    head: str,
    classes: ClassMap | None = None,
) -> dict[str, Any]:
    """The source's arrays, but in the layer of the classes those that are mapped.

    Classes without a class of the source are fresh, and all are without a map.

    Args:
        source: Variables of a network for other classes.
        fresh: Initial variables of the network for the new classes.
        head: Name of the layer of the classes, `Network.HEAD`.
        classes: The new classes, in terms of those of the source.

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
            if classes:
                new[path] = _columns(old[path], new[path], classes)
                if path[2:] == ('bias',):
                    new[path] += np.log([len(own) or 1 for own in classes.covers])
            continue
        if path not in old or old[path].shape != new[path].shape:
            found = old[path].shape if path in old else 'absent'
            raise ValueError(
                f'{"/".join(path)} is {found} in the source, but {new[path].shape} for '
                'the target: take as many channels, and crops of the same size.'
            )
        new[path] = old[path]
    return traverse_util.unflatten_dict(new)


def _columns(old: jax.Array, new: jax.Array, classes: ClassMap) -> jax.Array:
    """Means of the source's columns, the last axis; new ones where there are none.

    With log m added to the bias, the logit of a class of m columns is a lower bound of
    the logarithm of the sum of their exponentials (Jensen), equal to it where they
    agree.
    """
    columns = [
        old[..., list(own)].mean(-1) if own else new[..., number]
        for number, own in enumerate(classes.covers)
    ]
    return jnp.stack(columns, axis=-1)


def make_stacked_init(
    model: Network,
    tx: optax.GradientTransformation,
    image_shape: tuple[int, ...],
    mesh: jax.sharding.Mesh,
    classes: ClassMap | None = None,
) -> Callable[[Any, Any, Any], TrainState]:
    """Makes the jitted `(seeds [d], source, mean_images) -> states` of d trainings.

    The seeds decide the initial values. `source` holds variables to start from; it is
    None for a start from scratch, for which a network that subtracts a mean image gets
    those of the draws, [d, h, w, c].

    Args:
        model: The network.
        tx: The optimizer.
        image_shape: [h, w, c] of the crops that the network sees.
        mesh: From `sharding.make_mesh`.
        classes: The classes in terms of those of the source; None: they start fresh.
    """

    def init(seed: jax.Array, source: Any, mean_image: Any) -> TrainState:
        image = jnp.zeros((1, *image_shape), jnp.float32)
        variables = dict(model.init(jax.random.key(seed), image, train=False))
        if source is not None:
            variables = transferred(source, variables, model.HEAD, classes)
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


def make_stacked_step(
    model: Network,
    tx: optax.GradientTransformation,
    mesh: jax.sharding.Mesh,
    *,
    augmentation: dict[str, Any],
) -> Callable[[TrainState, dict[str, Any], Any], TrainState]:
    """Makes the jitted `(states, data, seeds [d]) -> states`, one update of each.

    `data` holds `images` [n, h, w, c] and `labels` [n] of all cells, and `rows` [d, b],
    the batch of each training. The seeds decide augmentation and dropout.

    Args:
        model: The network.
        tx: The optimizer.
        mesh: From `sharding.make_mesh`.
        augmentation: Keyword arguments of `data.augment.augment`.
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
