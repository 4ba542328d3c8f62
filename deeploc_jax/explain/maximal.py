"""Makes the images that a class, or a unit, answers most: activation maximisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float32, Int32

from deeploc_jax.explain.layers import outputs
from deeploc_jax.weights.folder import TrainedNetwork

Climb = Callable[..., jax.Array]
"""`(variables, images, targets, masks, percentiles) -> images`, see `make_climb`."""
RADIUS = 3
"""Pixels of the blur's kernel on each side of its middle."""


class Recipe(NamedTuple):
    """How images are made; the defaults are those of DeepLoc's released code.

    Attributes:
        iterations: Steps uphill.
        step: Size of the first step, for a gradient whose standard deviation is 1.
        shrink: Share of `step` by which each step is smaller than the one before.
        decay: Share of each pixel that is taken away at each step (L2 decay); the
            released code has one, whose size is not known: this is ours.
        blur: Standard deviation of the blur after every second step, pixels; 0: none.

    References:
        Kraus et al. 2017, Fig 2 and its released code. Yosinski et al. 2015,
        arXiv:1506.06579: decay, blur, and clipping of small contributions.
    """

    iterations: int = 100
    step: float = 0.3
    shrink: float = 0.009
    decay: float = 0.01
    blur: float = 0.7


PLAIN = Recipe(decay=0.0, blur=0.0)
"""Nothing that keeps an image like one of cells: for units, as in the paper."""
PERCENTILES = dict(
    ACTIN=60,
    BUDNECK=80,
    BUDTIP=80,
    CELLPERIPHERY=60,
    CYTOPLASM=20,
    ENDOSOME=60,
    ER=60,
    GOLGI=50,
    MITOCHONDRIA=50,
    NUCLEARPERIPHERY=70,
    NUCLEI=60,
    NUCLEOLUS=70,
    PEROXISOME=50,
    SPINDLE=70,
    SPINDLEPOLE=70,
    VACUOLARMEMBRANE=50,
    VACUOLE=50,
)
"""Share of a cell's pixels, in percent, whose contribution is clipped, by class.

References:
    Kraus et al. 2017, released code.
"""


def make_climb(network: TrainedNetwork, layer: str, recipe: Recipe) -> Climb:
    """Makes the pure function that makes many images at once, in one program.

    It takes the variables of the network, the images to start from, float32 [m, s, s,
    c], the unit of the layer that each is made for, int32 [m] (its mean over the image,
    where the layer has maps), where pixels may change, bool [m, s, s, c], and the share
    of these in percent that is set to 0 after each step, as they contribute least,
    float32 [m]. Pixels stay in [0, 1].

    Args:
        network: The network.
        layer: Name of the layer, as in `layer_names`.
        recipe: How images are made.
    """

    def answer(variables: Any, images: jax.Array, targets: jax.Array) -> jax.Array:
        found = outputs(network, variables, images)[layer]
        values = found.mean((1, 2)) if found.ndim == 4 else found
        return jnp.take_along_axis(values, targets[:, None], 1).sum()

    def climb(
        variables: Any,
        images: Float32[Array, 'm s s c'],
        targets: Int32[Array, ' m'],
        masks: Bool[Array, 'm s s c'],
        percentiles: Float32[Array, ' m'],
    ) -> Float32[Array, 'm s s c']:
        slope = jax.grad(answer, argnums=1)

        def step(i: jax.Array, x: jax.Array) -> jax.Array:
            g = jnp.where(masks, slope(variables, x, targets), 0)
            size = recipe.step * (1 - recipe.shrink * i)
            x = x + size * g / (g.std((1, 2, 3), keepdims=True) + 1e-12)
            x = x * (1 - recipe.decay)
            x = jax.vmap(without_least)(jnp.clip(x, 0, 1), g, masks, percentiles)
            if recipe.blur:  # last, so that it fills the holes that clipping leaves
                x = jnp.where(i % 2 == 1, blurred(x, recipe.blur), x)
            return jnp.where(masks, x, images)

        return jax.lax.fori_loop(0, recipe.iterations, step, images)

    return climb


def without_least(
    image: Float32[Array, 's s c'],
    gradient: Float32[Array, 's s c'],
    mask: Bool[Array, 's s c'],
    percentile: Float32[Array, ''],
) -> Float32[Array, 's s c']:
    """The image without the pixels that contribute least: |gradient x pixel|.

    Args:
        image: The image.
        gradient: Gradient of the target.
        mask: Pixels that are counted, and may be set to 0.
        percentile: Share of them, in percent, that is; at 0 none.
    """
    contribution = jnp.where(mask, jnp.abs(gradient * image), jnp.nan)
    least = jnp.nanpercentile(contribution, percentile)
    return jnp.where(contribution < least, 0, image)


def blurred(x: Float32[Array, 'm s s c'], sigma: float) -> Float32[Array, 'm s s c']:
    """Images after a Gaussian blur; the border pixel goes on beyond the border."""
    away = jnp.arange(-RADIUS, RADIUS + 1)
    kernel = jnp.exp(-(away**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    side = x.shape[1]
    for axis in (1, 2):
        fill = [(0, 0)] * 4
        fill[axis] = (RADIUS, RADIUS)
        wide = jnp.pad(x, fill, mode='edge')
        parts = [
            jax.lax.slice_in_dim(wide, k, k + side, axis=axis) * weight
            for k, weight in enumerate(kernel)
        ]
        x = sum(parts[1:], parts[0])
    return x
