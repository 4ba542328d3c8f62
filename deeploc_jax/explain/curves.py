"""Judges an attribution: does the class go with the pixels that it points to?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int32

STEPS = 20
"""Steps in which pixels are taken away, or added."""


class Curves(NamedTuple):
    """Probabilities of a class as pixels go and come, the most important ones first.

    Attributes:
        deletion: Of the image without its most important pixels, [b, STEPS + 1]; the
            sooner it falls, the better they were chosen.
        insertion: Of these pixels alone, [b, STEPS + 1]; the sooner it rises, the
            better.
    """

    deletion: Any
    insertion: Any


Judge = Callable[[Any, jax.Array, jax.Array, jax.Array], Curves]
"""Function of variables, images, classes and attribution, see `make_curves`."""


def make_curves(model: nn.Module) -> Judge:
    """Makes the pure function that judges attributions. Pixels that are away are 0.

    A pixel's importance is the sum of its attribution over the channels.

    References:
        Petsiuk et al. 2018, RISE, section 4.3; there pixels come into a blurred image,
        here into a black one, which a fluorescent cell is surrounded by.
    """

    def curves(
        variables: Any,
        images: Float32[Array, 'b s s c'],
        classes: Int32[Array, ' b'],
        attribution: Float32[Array, 'b s s d'],
    ) -> Curves:
        b, s, _, _ = images.shape
        importance = attribution.sum(-1).reshape(b, -1)
        order = jnp.argsort(-importance, axis=1, stable=True)
        rank = jnp.argsort(order, axis=1, stable=True).reshape(b, s, s, 1)

        def probability(shown: jax.Array) -> jax.Array:
            found: Any = model.apply(variables, shown, train=False)
            every = jax.nn.softmax(found[0])
            return jnp.take_along_axis(every, classes[:, None], 1)[:, 0]

        def at(share: jax.Array) -> tuple[jax.Array, jax.Array]:
            first = rank < share * s * s
            return (
                probability(jnp.where(first, 0.0, images)),
                probability(jnp.where(first, images, 0.0)),
            )

        away, alone = jax.lax.map(at, jnp.arange(STEPS + 1) / STEPS)
        return Curves(away.T, alone.T)

    return curves


def area(curve: Float[np.ndarray, 'b p']) -> Float[np.ndarray, ' b']:
    """Area below a curve whose points are equally far from each other, 0 to 1."""
    return np.asarray((curve[:, 1:] + curve[:, :-1]).mean(axis=1) / 2)


def rank_correlation(
    one: Float[np.ndarray, 'b s s'], other: Float[np.ndarray, 'b s s']
) -> Float[np.ndarray, ' b']:
    """Spearman's rank correlation between two attributions of each cell.

    An attribution that depends on what a network has learned changes when its weights
    are random: the correlation is near 0.

    References:
        Adebayo et al. 2018, Sanity Checks for Saliency Maps.
    """
    ranks = [
        np.argsort(np.argsort(x.reshape(len(x), -1), axis=1), axis=1).astype(float)
        for x in (one, other)
    ]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    return (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
