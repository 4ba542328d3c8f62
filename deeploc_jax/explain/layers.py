"""The layers of a network by name, that of the classes last."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from deeploc_jax.weights.folder import TrainedNetwork

FEW = 5
"""Layers that are all shown; of more, those numbered by powers of two, and the last."""


def outputs(
    network: TrainedNetwork, variables: Any, images: Float[Array, 'b s s c']
) -> dict[str, Float[Array, 'b ...']]:
    """Outputs of every layer: maps [b, h, w, f] or vectors [b, f]."""
    model: Any = network.model
    logits, features = model.apply(variables, images, train=False)
    return features | {model.HEAD: logits}


def layer_names(network: TrainedNetwork) -> list[str]:
    """Names of the layers in their order."""
    card = network.card
    shape = (1, card.crop, card.crop, len(card.channels))
    names: list[str] = []

    def note(variables: Any, image: jax.Array) -> None:
        names.extend(outputs(network, variables, image))

    # Noted while it is traced: `eval_shape` would return the names sorted.
    jax.eval_shape(note, network.variables, jax.ShapeDtypeStruct(shape, np.float32))
    return names


def default_layers(names: list[str]) -> list[str]:
    """Layers 1, 2, 4, 8 and 11 of eleven, as the paper shows; a few of any others.

    References:
        Parnamaa & Parts 2017, G3 7:1385, Fig 3.
    """
    if len(names) <= FEW:
        return names
    shown = {2**power for power in range(len(names).bit_length())} | {len(names)}
    return [name for number, name in enumerate(names, start=1) if number in shown]


def last_convolution(network: TrainedNetwork) -> str:
    """Name of the last layer that has maps.

    Raises:
        ValueError: There is none.
    """
    card = network.card
    shape = (1, card.crop, card.crop, len(card.channels))
    maps: list[str] = []

    def note(variables: Any, image: jax.Array) -> None:
        found = outputs(network, variables, image)
        maps.extend(name for name, layer in found.items() if layer.ndim == 4)

    jax.eval_shape(note, network.variables, jax.ShapeDtypeStruct(shape, np.float32))
    if not maps:
        raise ValueError('The network has no convolution.')
    return maps[-1]
