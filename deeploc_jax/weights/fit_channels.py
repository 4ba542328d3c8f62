"""Fits a network to the channels of a screen: fewer, more, or both.

It is a matter of the arrays of its first layer, and of a mean image.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from deeploc_jax.weights.channels import ALONE, LACKING, ChannelMatch
from deeploc_jax.weights.folder import TrainedNetwork


def fit_channels(network: TrainedNetwork, match: ChannelMatch) -> TrainedNetwork:
    """A network that takes the channels of a screen: fewer, more, or both.

    Without a channel it computes what it does where that is 0 everywhere (a network
    that subtracts the mean image: where it is the mean). Of a channel that is added it
    sees nothing before it is trained: the weights of the channel are 0.

    Args:
        network: The network.
        match: What each of its channels is in the screen.
    """
    if not match.lacking and not match.more:
        return network
    card, more = network.card, match.more
    kept = [i for i, name in enumerate(match.screen) if name != LACKING]
    marker = kept.index(card.marker_channel) if card.marker_channel in kept else -1
    names = (*(card.channels[i] for i in kept), *more)
    # All cells without a channel look new to a network that never saw any.
    knows = not match.lacking or f'validation/{ALONE}' in card.validation
    sizes = _sizes(network, len(card.channels)), _sizes(network, 10_007)
    arrays: dict[str, Any] = traverse_util.flatten_dict(network.variables, sep='/')
    for name, array in arrays.items():
        pairs = zip(*(of[name] for of in sizes), strict=True)
        axes = [axis for axis, (one, other) in enumerate(pairs) if one != other]
        for axis in axes:
            array = np.take(np.asarray(array), kept, axis)
            pad = [(0, len(more) if i == axis else 0) for i in range(array.ndim)]
            arrays[name] = np.pad(array, pad)
    return dataclasses.replace(
        network,
        card=dataclasses.replace(
            card,
            channels=names,
            marker_channel=marker,
            # They were calibrated with all channels.
            prediction_sets=None if match.lacking else card.prediction_sets,
        ),
        novelty=network.novelty if knows else None,
        variables=traverse_util.unflatten_dict(arrays, sep='/'),
    )


def _sizes(network: TrainedNetwork, channels: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays of the network, if it took so many channels."""
    image = jax.ShapeDtypeStruct(
        (1, network.card.crop, network.card.crop, channels), jnp.float32
    )
    made: Any = jax.eval_shape(
        lambda image: network.model.init(jax.random.key(0), image, train=False), image
    )
    flat: dict[str, Any] = traverse_util.flatten_dict(dict(made), sep='/')
    return {name: value.shape for name, value in flat.items()}
