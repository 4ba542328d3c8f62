"""Learning rates that are smaller the deeper a layer lies."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


def layer_order(model: nn.Module, image_shape: tuple[int, ...]) -> list[str]:
    """Names of the layers with parameters, in the order in which they are applied."""
    names: list[str] = []

    def note() -> None:
        image = jnp.zeros((1, *image_shape), jnp.float32)
        variables = model.init(jax.random.key(0), image, train=False)
        names.extend(variables['params'])

    jax.eval_shape(note)  # its result would come sorted
    return names


def layerwise_adam(
    schedule: optax.Schedule,
    decay: float,
    model: nn.Module,
    image_shape: tuple[int, ...],
) -> optax.GradientTransformation:
    """Adam with the full rate for the last layer, `decay` times it for the one below.

    Args:
        schedule: Of the rate of the last layer.
        decay: From each layer to the one below; 1: all learn at the same rate.
        model: The network.
        image_shape: [h, w, c] that it sees.

    References:
        Howard & Ruder 2018, ACL: discriminative fine-tuning.
    """
    adam = optax.adam(schedule)
    if decay == 1:
        return adam
    names = layer_order(model, image_shape)
    factors = {name: decay**depth for depth, name in enumerate(reversed(names))}

    def scale(updates: Any, params: Any) -> Any:
        del params
        return {
            name: jax.tree.map(lambda x, f=factors[name]: f * x, layer)
            for name, layer in updates.items()
        }

    return optax.chain(adam, optax.stateless(scale))
