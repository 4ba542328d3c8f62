"""Where each unit of a network answers most, in each cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32, Int

from deeploc_jax.explain.batches import in_batches
from deeploc_jax.explain.layers import outputs
from deeploc_jax.weights.folder import TrainedNetwork


class Peaks(NamedTuple):
    """The strongest outputs of the units of a layer.

    Attributes:
        values: Largest output of each unit in each cell, float32 [n, f].
        places: Where it is, int32 [n, f], as `ReceptiveField.at` takes it.
    """

    values: Any
    places: Any


def peaks(
    network: TrainedNetwork,
    images: Float32[np.ndarray, 'n s s c'],
    layers: Sequence[str],
    batch_size: int,
) -> dict[str, Peaks]:
    """The strongest outputs of all units of some layers, by layer.

    Args:
        network: The network.
        images: Normalized crops, as large as those that the network looks at.
        layers: Names of layers, as in `layer_names`.
        batch_size: Cells at a time.
    """

    @jax.jit
    def found(variables: Any, x: jax.Array) -> dict[str, Peaks]:
        made = outputs(network, variables, x)
        return {name: _peaks(made[name]) for name in layers}

    return in_batches(
        lambda x: found(network.variables, x), (images,), batch_size, 'units'
    )


def _peaks(output: jax.Array) -> Peaks:
    """Of maps [b, h, w, f] or vectors [b, f]."""
    flat = output.reshape(len(output), -1, output.shape[-1]).astype(jnp.float32)
    return Peaks(flat.max(1), flat.argmax(1).astype(jnp.int32))


def most_telling(information: Float[np.ndarray, ' f'], count: int) -> list[int]:
    """The units that tell most of the class, the best first."""
    return np.argsort(-information, kind='stable')[:count].tolist()


def strongest_cells(
    values: Float[np.ndarray, ' n'], count: int
) -> Int[np.ndarray, ' m']:
    """Rows of the cells that a unit answers most, the strongest first."""
    return np.argsort(-values, kind='stable')[:count]
