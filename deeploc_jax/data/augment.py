"""Augments batches of cells without changing their labels, inside the compiled step."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float32, Key

from deeploc_jax.data.augment_optics import random_bleed, random_lens, stretch


def augment(
    key: Key[Array, ''],
    images: Float32[Array, 'b h w c'],
    crop: int = 60,
    *,
    symmetries: bool = True,
    gamma: float = 0.0,
    noise: float = 0.0,
    surroundings: float = 0.0,
    zoom: float = 0.0,
    blur: float = 0.0,
    bleed: float = 0.0,
    saturation: float = 0.0,
    protein_alone: float = 0.0,
) -> Float32[Array, 'b {crop} {crop} c']:
    """Crops, reflects and rotates each image; optionally changes its brightness.

    Every crop offset and each of the 8 symmetries of the square is equally likely.
    All channels of a cell are treated alike.

    Args:
        key: Random key for the batch.
        images: Images, float32 [b, h, w, c] in [0, 1], h == w.
        crop: Side of the crops in pixels.
        symmetries: Whether crops are reflected and rotated.
        gamma: Range of the brightness change: each channel is raised to a power drawn
            from exp(U(-gamma, gamma)).
        noise: Largest standard deviation of Gaussian pixel noise; that of each cell is
            drawn from U(0, noise).
        surroundings: Share of the cells that are shown among the neighbors of another
            cell, see `exchange_surroundings`.
        zoom: Range of the magnification, which is drawn from exp(U(-zoom, zoom)).
        blur: Largest standard deviation of a Gaussian blur, pixels; that of each cell
            and channel is drawn from U(0, blur).
        bleed: Largest share of the first channel's light that is added to each other
            one; that of each cell is drawn from U(0, bleed).
        saturation: Range of the share of each channel's brightest value, from
            1 - saturation to 1, above which pixels are white.
        protein_alone: Share of the cells of which all channels but the first, the
            protein, are 0, as for a network that works without them.

    Returns:
        Images, float32 [b, crop, crop, c] in [0, 1].

    References:
        Kraus et al. 2017 for crops, reflections and rotations.
    """
    keys = jax.random.split(key, 4)
    if surroundings:
        images = exchange_surroundings(jax.random.fold_in(key, 4), images, surroundings)
    if zoom or blur:
        images = random_lens(jax.random.fold_in(key, 5), images, zoom, blur)
    if bleed:
        images = random_bleed(jax.random.fold_in(key, 6), images, bleed)
    images = random_crop(keys[0], images, crop)
    if symmetries:
        images = random_symmetry(keys[1], images)
    if gamma:
        shape = (len(images), 1, 1, images.shape[-1])
        exponent = jax.random.uniform(keys[2], shape, minval=-gamma, maxval=gamma)
        # The gradient of 0 ** p is not needed, its value is.
        images = images ** jnp.exp(exponent)
    if noise:
        keys = jax.random.split(keys[3])
        spread = jax.random.uniform(keys[0], (len(images), 1, 1, 1), maxval=noise)
        images = images + spread * jax.random.normal(keys[1], images.shape)
        images = jnp.clip(images, 0, 1)
    if zoom or blur or bleed or saturation:
        images = stretch(jax.random.fold_in(key, 7), images, saturation)
    if protein_alone:
        keys = jax.random.fold_in(key, 8)
        alone = jax.random.bernoulli(keys, protein_alone, (len(images), 1, 1, 1))
        images = images.at[..., 1:].set(jnp.where(alone, 0.0, images[..., 1:]))
    return images


def exchange_surroundings(
    key: Key[Array, ''], images: Float32[Array, 'b h w c'], share: float
) -> Float32[Array, 'b h w c']:
    """Puts some cells of a batch among the neighbors of others.

    In training, neighbors often carry the same protein; later they need not. A network
    must therefore not decide by what surrounds a cell. Beyond a radius of 20 to 28
    pixels from the middle, drawn for each cell, the image fades over 4 pixels into
    that of another cell.

    Args:
        key: Random key for the batch.
        images: Images, float32 [b, h, w, c], each with its cell in the middle.
        share: Share of the cells that are moved, 0 to 1.

    Returns:
        Images of the same shape.
    """
    b, h, w, _ = images.shape
    keys = jax.random.split(key, 3)
    y, x = (jnp.arange(size) - (size - 1) / 2 for size in (h, w))
    distance = jnp.hypot(y[:, None], x[None, :])[None]
    radius = jax.random.uniform(keys[0], (b, 1, 1), minval=20.0, maxval=28.0)
    own = jnp.clip((radius - distance) / 4 + 0.5, 0, 1)[..., None]
    chosen = jax.random.bernoulli(keys[1], share, (b, 1, 1, 1))
    own = jnp.where(chosen, own, 1.0)
    other = jnp.roll(images, jax.random.randint(keys[2], (), 1, max(b, 2)), axis=0)
    return own * images + (1 - own) * other


def random_crop(
    key: Key[Array, ''], images: Float32[Array, 'b h w c'], size: int
) -> Float32[Array, 'b {size} {size} c']:
    """Crops each image at a uniform offset: [b, h, w, c] -> [b, size, size, c]."""
    b, h, w, c = images.shape
    limits = jnp.array([h - size + 1, w - size + 1])
    offsets = jax.random.randint(key, (b, 2), 0, limits[None, :])

    def cut(image: jax.Array, offset: jax.Array) -> jax.Array:
        return jax.lax.dynamic_slice(image, (*offset, 0), (size, size, c))

    return jax.vmap(cut)(images, offsets)


def random_symmetry(
    key: Key[Array, ''], images: Float32[Array, 'b s s c']
) -> Float32[Array, 'b s s c']:
    """Applies one of the 8 symmetries of the square to each image, uniformly."""
    flips = jax.random.bernoulli(key, shape=(3, len(images), 1, 1, 1))
    images = jnp.where(flips[0], images[:, ::-1], images)
    images = jnp.where(flips[1], images[:, :, ::-1], images)
    return jnp.where(flips[2], images.swapaxes(1, 2), images)


def center_crop(
    images: Float32[Array, 'b h w c'], size: int
) -> Float32[Array, 'b {size} {size} c']:
    """Crops the center of each image: [b, h, w, c] -> [b, size, size, c]."""
    top, left = ((side - size) // 2 for side in images.shape[1:3])
    return images[:, top : top + size, left : left + size]
