"""A network gets another last layer, as a linear classifier on its features says."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from deeploc_jax import __version__
from deeploc_jax.curate.training.linear import Linear
from deeploc_jax.models.norm import BatchNorm
from deeploc_jax.weights.folder import TrainedNetwork


def with_head(
    network: TrainedNetwork, linear: Linear, class_names: Sequence[str], **about: Any
) -> TrainedNetwork:
    """The network with the classes of a linear classifier on its last layer.

    Args:
        network: The network.
        linear: The classifier, of features of the layer before the logits.
        class_names: Names of its classes.
        **about: Fields of the card that are others now.

    Raises:
        MismatchError: The classifier is of features of another layer.
        ValueError: The last layer that the network names is not what its logits are
            made from.
    """
    _check_last_layer(network)
    head, variables = network.model.HEAD, dict(network.variables)
    kernel, bias = (np.asarray(x, np.float32) for x in (linear.kernel, linear.bias))
    ones, zeros = np.ones_like(bias), np.zeros_like(bias)
    params, old = dict(variables['params']), variables['params'][head]
    if 'kernel' in old:
        params[head] = dict(kernel=kernel, bias=bias)
    else:  # a layer with batch norm, which does nothing
        norm = dict(scale=ones, bias=bias)
        params[head] = dict(dense=dict(kernel=kernel), bn=norm, bias=zeros)
        still = dict(mean=zeros, var=ones - np.float32(BatchNorm.epsilon))
        stats = dict(variables['batch_stats'])
        variables['batch_stats'] = stats | {head: dict(bn=still)}
    variables['params'] = params
    card = dataclasses.replace(
        network.card,
        class_names=tuple(class_names),
        prediction_sets=None,
        version=__version__,
        **about,
    )
    model = card.network_of(variables, 'the network with a new last layer')
    return dataclasses.replace(network, card=card, model=model, variables=variables)


def _check_last_layer(network: TrainedNetwork) -> None:
    card, sizes = network.card, []
    image = jax.ShapeDtypeStruct((1, card.crop, card.crop, len(card.channels)), 'f4')

    def note(variables: Any, image: jax.Array) -> None:
        layers: Any = network.model.apply(variables, image, train=False)[1]
        sizes.append([*layers.values()][-1].ndim)  # nothing is computed

    jax.eval_shape(note, network.variables, image)
    if sizes != [2]:
        raise ValueError(
            'The last layer that this network names is a map, not the vector that its '
            'classes are told by: it cannot be trained again here.'
        )
