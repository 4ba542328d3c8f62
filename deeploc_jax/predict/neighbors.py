"""The distance to the nearest cells seen is computed on the device of the network."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32

from deeploc_jax.weights.novelty import Novelty

_GROUP = 16  # cosines a group: the largest of few groups are found soon, also on a CPU

Distance = Callable[[jax.Array, jax.Array], jax.Array]
"""`(directions [m, f], features [b, f]) -> novelty [b]`."""


def make_distance(novelty: Novelty) -> Distance:
    """Makes the pure function that scores as `novelty.score` does, within 1e-5.

    Products of NumPy beside those of XLA would make the threads of both wait for each
    other, and a GPU wait for the host.

    Args:
        novelty: What the network has seen; the function takes its `directions`.
    """

    def distance(
        seen: Float32[Array, 'm f'], features: Float32[Array, 'b f']
    ) -> Float32[Array, ' b']:
        length = jnp.linalg.norm(features, axis=1, keepdims=True)
        features = features / jnp.maximum(length, np.finfo(np.float32).tiny)
        # In less than float32, GPUs would lose distances as small as the limit.
        cosines = jnp.dot(features, seen.T, precision=jax.lax.Precision.HIGHEST)
        nearest = kth_largest(cosines, novelty.rank)
        return jnp.maximum(1 - nearest, 0) / np.float32(novelty.limit)

    return distance


def kth_largest(values: Float32[Array, 'b m'], k: int) -> Float32[Array, ' b']:
    """The k-th largest value of each row, 1 for the largest.

    The k largest values are in the k groups with the largest maxima. To sort whole rows
    would take a CPU ten times as long.

    Args:
        values: Rows of at least k values.
        k: Rank of the value that is wanted.
    """
    rows, number = values.shape
    groups = -(-number // _GROUP)
    filled = ((0, 0), (0, groups * _GROUP - number))
    values = jnp.pad(values, filled, constant_values=-jnp.inf)
    values = values.reshape(rows, _GROUP, groups)
    best = jax.lax.top_k(values.max(axis=1), min(k, groups))[1]
    left = jnp.take_along_axis(values, best[:, None], axis=2).reshape(rows, -1)
    return jax.lax.top_k(left, k)[0][:, -1]
