"""Computes logits and features of cells with pure functions of the variables."""

from __future__ import annotations

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Float32

from deeploc_jax.data.augment import center_crop
from deeploc_jax.lookup import check_name
from deeploc_jax.predict.program import Function
from deeploc_jax.predict.views import Views

POOLS = {'max': jnp.max, 'mean': jnp.mean}
"""How the activations of a convolution become one number a feature map."""


class Outputs(NamedTuple):
    """What one pass over a batch of cells gives.

    Attributes:
        logits: float32 [b, views, k], the central crop first.
        features: float32 [b, f], those of a layer for the central crop; None where no
            layer is asked for.
    """

    logits: Any
    features: Any


def make_logits(model: nn.Module, views: Views) -> Function:
    """Makes the pure `(variables, images [b, h, w, c]) -> logits [b, views, k]`."""

    def logits(
        variables: Any, images: Float[Array, 'b h w c']
    ) -> Float32[Array, 'b v k']:
        def apply(view: jax.Array) -> jax.Array:
            return model.apply(variables, view, train=False)[0]

        # One view after the other: a fifth of the memory.
        return jax.lax.map(apply, views.of(images)).swapaxes(0, 1)

    return logits


def make_features(model: nn.Module, layer: str, *, crop: int, pool: str) -> Function:
    """Makes the pure `(variables, images [b, h, w, c]) -> features [b, f]`.

    Nothing behind the layer is computed.

    Args:
        model: The network.
        layer: Name of one of its layers.
        crop: Side in pixels of the central crop that the network looks at.
        pool: A key of `POOLS`.

    Raises:
        ValueError: There is no such pool.

    References:
        Kraus et al. 2017, Fig 2: spatial maximum of conv_8. Parnamaa & Parts 2017,
        Fig 4: the first dense layer.
    """
    check_name('pool', pool, POOLS)

    def features(
        variables: Any, images: Float[Array, 'b h w c']
    ) -> Float32[Array, 'b f']:
        view = center_crop(images, crop)
        layers: Any = model.apply(variables, view, train=False)[1]
        return _pooled(layers[layer], pool)

    return features


def make_outputs(model: nn.Module, layer: str | None, views: Views) -> Function:
    """Makes the pure `(variables, images [b, h, w, c]) -> Outputs`.

    Each view goes through the network once: the features are those that the logits of
    the central crop were made from.

    Args:
        model: The network.
        layer: Name of the layer whose features are returned; maps are reduced to the
            maximum over their pixels. None for logits alone.
        views: The views of each cell.
    """

    def outputs(variables: Any, images: Float[Array, 'b h w c']) -> Outputs:
        def apply(view: jax.Array) -> tuple[jax.Array, jax.Array | None]:
            found: Any = model.apply(variables, view, train=False)
            logits, layers = found
            return logits, _pooled(layers[layer], 'max') if layer else None

        logits, features = jax.lax.map(apply, views.of(images))
        return Outputs(logits.swapaxes(0, 1), None if features is None else features[0])

    return outputs


def _pooled(activations: Float[Array, 'b *hw f'], pool: str) -> Float32[Array, 'b f']:
    """Features float32 [b, f] of activations [b, f] or, pooled, of maps [b, h, w, f].

    Args:
        activations: Activations of one layer.
        pool: A key of `POOLS`.
    """
    x = activations.astype(jnp.float32)
    return POOLS[pool](x, axis=(1, 2)) if x.ndim == 4 else x
