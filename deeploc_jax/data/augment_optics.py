"""Cells of a batch are shown as another microscope would have imaged them.

Lens, crosstalk and exposure differ more between laboratories than cells do. All of it
happens inside the compiled step.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float32, Key

INTERPOLATION = 0.45
"""Standard deviation, in pixels, of the Gaussian that interpolates between pixels."""


def random_lens(
    key: Key[Array, ''], images: Float32[Array, 'b h w c'], zoom: float, blur: float
) -> Float32[Array, 'b h w c']:
    """Magnifies and blurs each image as another lens would, see `augment`."""
    keys, (b, c) = jax.random.split(key), (len(images), images.shape[-1])
    factor = jnp.exp(jax.random.uniform(keys[0], (b,), minval=-zoom, maxval=zoom))
    return through_lens(images, factor, jax.random.uniform(keys[1], (b, c)) * blur)


def through_lens(
    images: Float32[Array, 'b h w c'],
    factor: Float32[Array, ' b'],
    spread: Float32[Array, 'b c'],
) -> Float32[Array, 'b h w c']:
    """Magnifies each image around its middle, and blurs it.

    Both are one product with a matrix for the rows and one for the columns: a pixel is
    the Gaussian mean of the image around the point that it shows. Beyond the image its
    outermost pixels go on.

    Args:
        images: Images, float32 [b, h, w, c].
        factor: Magnification of each image.
        spread: Standard deviation of the blur of each channel, pixels of `images`;
            `INTERPOLATION` is added in quadrature.

    Returns:
        Images of the same shape.
    """
    variance = (spread**2 + INTERPOLATION**2)[..., None, None]
    reach = 8  # pixels beyond the rim that go on: five times the widest blur in use

    def weights(size: int) -> jax.Array:
        """Weights of the pixels [j] for each pixel [i] of the result, [b, c, i, j]."""
        place = jnp.arange(size, dtype=jnp.float32)[None]
        around = jnp.arange(-reach, size + reach, dtype=jnp.float32)
        middle = (size - 1) / 2
        shown = jnp.clip((place - middle) / factor[:, None] + middle, 0, size - 1)
        distance = shown[:, None, :, None] - around[None, None, None]
        weight = jax.nn.softmax(-(distance**2) / (2 * variance), axis=-1)
        inside = weight[..., reach : reach + size]
        before, after = weight[..., :reach].sum(-1), weight[..., -reach:].sum(-1)
        return inside.at[..., 0].add(before).at[..., -1].add(after)

    _, h, w, _ = images.shape
    return jnp.einsum('bcyi,bijc,bcxj->byxc', weights(h), images, weights(w))


def random_bleed(
    key: Key[Array, ''], images: Float32[Array, 'b h w c'], bleed: float
) -> Float32[Array, 'b h w c']:
    """Adds a share of the first channel's light to every other one."""
    share = jax.random.uniform(key, (len(images), 1, 1, 1), maxval=bleed)
    added = images[..., 1:] + share * images[..., :1]
    return jnp.concatenate([images[..., :1], added], axis=-1)


def stretch(
    key: Key[Array, ''], images: Float32[Array, 'b s s c'], saturation: float = 0.0
) -> Float32[Array, 'b s s c']:
    """Scales each cell and channel to [0, 1] again; the brightest pixels may saturate.

    A channel that is constant stays as it is.
    """
    low, high = (f(images, axis=(1, 2), keepdims=True) for f in (jnp.min, jnp.max))
    shape = (len(images), 1, 1, images.shape[-1])
    white = 1 - saturation * jax.random.uniform(key, shape)
    span = white * (high - low)
    scaled = jnp.clip((images - low) / jnp.where(span > 0, span, 1.0), 0, 1)
    return jnp.where(span > 0, scaled, images)
