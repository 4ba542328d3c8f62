"""Features of cells: the activations of a layer of a trained network."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from deeploc_jax.data.augment import center_crop
from deeploc_jax.lookup import check_name
from deeploc_jax.predict.program import Function, Program, make_program
from deeploc_jax.weights.folder import TrainedNetwork

POOLS = {'max': jnp.max, 'mean': jnp.mean}
"""How the activations of a convolution become one number a feature map."""


def layer_widths(network: TrainedNetwork) -> dict[str, int]:
    """Number of features of each layer of a network, by name, in its order."""
    card = network.card
    image = jax.ShapeDtypeStruct((1, card.crop, card.crop, len(card.channels)), 'f4')
    widths: dict[str, int] = {}

    def note(variables: Any, image: jax.Array) -> None:
        layers: Any = network.model.apply(variables, image, train=False)[1]
        widths.update({name: layer.shape[-1] for name, layer in layers.items()})

    # Noted while it is traced: `eval_shape` would return the names sorted.
    jax.eval_shape(note, network.variables, image)
    return widths


def choose_layer(network: TrainedNetwork, layer: str | None) -> str:
    """The layer asked for; by default the last, from which the logits are made.

    Raises:
        ValueError: The network has no such layer; the nearest name is suggested.
    """
    names = list(layer_widths(network))
    layer = layer or names[-1]
    check_name(f'layer of {network.card.model["name"]!r} called', layer, names)
    return layer


def pool_layer(activations: jax.Array, pool: str) -> jax.Array:
    """Features float32 [b, f] of activations [b, f] or, pooled, of maps [b, h, w, f].

    Args:
        activations: Activations of one layer.
        pool: A key of `POOLS`.
    """
    x = activations.astype(jnp.float32)
    return POOLS[pool](x, axis=(1, 2)) if x.ndim == 4 else x


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

    def features(variables: Any, images: jax.Array) -> jax.Array:
        view = center_crop(images, crop)
        layers: Any = model.apply(variables, view, train=False)[1]
        return pool_layer(layers[layer], pool)

    return features


def make_cell_features(
    network: TrainedNetwork,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    *,
    layer: str | None = None,
    pool: str = 'max',
) -> Program:
    """Makes the program cells -> features, float32 [n, f].

    Args:
        network: The network.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        layer: Name of a layer; by default the last, from which the logits are made.
        pool: A key of `POOLS`.

    Raises:
        ValueError: There is no such layer or pool.
    """
    features = make_features(
        network.model,
        choose_layer(network, layer),
        crop=network.card.crop,
        pool=pool,
    )
    return make_program(features, network.variables, mesh, batch_size)
