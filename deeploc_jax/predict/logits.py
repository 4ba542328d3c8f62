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

POOLS = {'max': jnp.max, 'mean': jnp.mean}
"""How the activations of a convolution become one number a feature map."""


class Outputs(NamedTuple):
    """What one pass over a batch of cells gives.

    Attributes:
        logits: float32 [b, crops, k], the central crop first.
        features: float32 [b, f], those of a layer for the central crop; None where no
            layer is asked for.
    """

    logits: Any
    features: Any


def check_crops(crops: int, field: str = 'evaluation.crops') -> None:
    """Raises a ValueError unless `crops` is 1 (the center) or 5 (corners too)."""
    if crops not in (1, 5):
        raise ValueError(
            f'{field} ({crops}) must be 1 or 5: the center, and the corners.'
        )


def crop_offsets(size: int, crop: int, crops: int) -> list[tuple[int, int]]:
    """Top-left corners of the central crop and, for five, of the four corners.

    Args:
        size: Side of the image in pixels.
        crop: Side of the crops.
        crops: 1 or 5. A crop as large as the image is taken once.
    """
    check_crops(crops, 'crops')
    margin = size - crop
    middle = margin // 2
    corners = [(0, 0), (0, margin), (margin, 0), (margin, margin)]
    return [(middle, middle)] + (corners if crops == 5 and margin else [])


def make_logits(model: nn.Module, *, crop: int, crops: int = 5) -> Function:
    """Makes the pure `(variables, images [b, h, w, c]) -> logits [b, crops, k]`.

    References:
        Kraus et al. 2017: "the center 60x60 crop and crops from the four corners".
    """

    def logits(
        variables: Any, images: Float[Array, 'b h w c']
    ) -> Float32[Array, 'b v k']:
        def apply(view: jax.Array) -> jax.Array:
            return model.apply(variables, view, train=False)[0]

        # One crop after the other: a fifth of the memory.
        views = _views(images, crop, crops)
        return jax.lax.map(apply, views).swapaxes(0, 1)

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


def make_outputs(
    model: nn.Module, layer: str | None, *, crop: int, crops: int = 5
) -> Function:
    """Makes the pure `(variables, images [b, h, w, c]) -> Outputs`.

    Each crop goes through the network once: the features are those that the logits of
    the central crop were made from.

    Args:
        model: The network.
        layer: Name of the layer whose features are returned; maps are reduced to the
            maximum over their pixels. None for logits alone.
        crop: Side of the crops in pixels.
        crops: 1 or 5, as in `crop_offsets`.

    Raises:
        ValueError: `crops` is another number.
    """
    check_crops(crops)

    def outputs(variables: Any, images: Float[Array, 'b h w c']) -> Outputs:
        def apply(view: jax.Array) -> tuple[jax.Array, jax.Array | None]:
            found: Any = model.apply(variables, view, train=False)
            logits, layers = found
            return logits, _pooled(layers[layer], 'max') if layer else None

        logits, features = jax.lax.map(apply, _views(images, crop, crops))
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


def _views(
    images: Float[Array, 'b h w c'], crop: int, crops: int
) -> Float[Array, 'v b {crop} {crop} c']:
    """Crops of all images, [crops, b, crop, crop, c]."""
    offsets = crop_offsets(images.shape[1], crop, crops)
    return jnp.stack([images[:, i : i + crop, j : j + crop] for i, j in offsets])
