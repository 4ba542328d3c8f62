"""Features of cells: what a layer of a trained network makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from deeploc_jax import compilation, sharding
from deeploc_jax.data.augment import center_crop
from deeploc_jax.lookup import check_name, lookup
from deeploc_jax.predict.logits import Predict, predict_cells
from deeploc_jax.types import Cells
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

    jax.eval_shape(note, network.variables, image)  # its result would come sorted
    return widths


def choose_layer(network: TrainedNetwork, layer: str | None) -> str:
    """The layer asked for; by default the last, from which the logits are made.

    Raises:
        ValueError: The network has no such layer; the nearest name is told.
    """
    names = list(layer_widths(network))
    layer = layer or names[-1]
    check_name(f'layer of {network.card.model["name"]!r} called', layer, names)
    return layer


def make_features(
    model: nn.Module, mesh: jax.sharding.Mesh, *, crop: int, layer: str, pool: str
) -> Predict:
    """Makes the jitted `(variables, images [b, h, w, c]) -> features [b, f]`.

    Args:
        model: The network.
        mesh: From `sharding.make_mesh`.
        crop: Side of the central crop that the network looks at.
        layer: A name of its activations.
        pool: A key of `POOLS`, for layers that are maps: over all of their pixels.

    Raises:
        ValueError: There is no such pool.

    References:
        Kraus et al. 2017, Fig 2: spatial maximum of conv_8. Parnamaa & Parts 2017,
        Fig 4: the first dense layer.
    """
    reduce = lookup('pool', pool, POOLS)

    def features(variables: Any, images: jax.Array) -> jax.Array:
        view = center_crop(images, crop)
        layers: Any = model.apply(variables, view, train=False)[1]
        x = layers[layer].astype(jnp.float32)
        return reduce(x, axis=(1, 2)) if x.ndim == 4 else x

    return jax.jit(
        features,
        out_shardings=sharding.replicated(mesh),
        compiler_options=compilation.compiler_options(mesh),
    )


def make_cell_features(
    network: TrainedNetwork,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    *,
    layer: str | None = None,
    pool: str = 'max',
) -> Callable[[Cells, str], np.ndarray]:
    """Makes `(cells, description of the progress) -> features`, float32 [n, f].

    Args:
        network: The network.
        mesh: From `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        layer: By default the last, from which the logits are made.
        pool: As of `make_features`.
    """
    program = make_features(
        network.model,
        mesh,
        crop=network.card.crop,
        layer=choose_layer(network, layer),
        pool=pool,
    )
    variables = sharding.put_replicated(network.variables, mesh)

    def features(cells: Cells, description: str) -> np.ndarray:
        return predict_cells(program, variables, cells, mesh, batch_size, description)

    return features
