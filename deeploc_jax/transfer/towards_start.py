"""A penalty keeps the weights near those that a training starts from."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax


def towards_start(strength: float) -> optax.GradientTransformation:
    """Adds the gradient of strength / 2 times the squared distance from the start.

    The start are the parameters that the optimizer is initialized with, the layer of
    the classes among them. Place it before the optimizer whose loss it adds to.

    Args:
        strength: Strength of the penalty (alpha of the paper), at least 0.

    References:
        Li et al. 2018, Explicit inductive bias for transfer learning with convolutional
        networks, ICML: L2-SP, equation 5.
    """

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        pulled = jax.tree.map(
            lambda g, p, s: g + strength * (p - s), updates, params, state
        )
        return pulled, state

    def init(params: Any) -> Any:
        return jax.tree.map(jnp.copy, params)  # the parameters' own buffers are donated

    return optax.GradientTransformation(init, update)
