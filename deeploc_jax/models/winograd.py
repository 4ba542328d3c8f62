"""3x3 convolutions with about a quarter of the multiplications, for CPUs.

Pixels and kernels become tiles (`winograd_tiles.py`), between which a convolution is 36
matrix products over all tiles, [tiles, c] @ [c, features]: six columns of stacks of
six. Here are the loops over a few images at a time, and the gradients.
"""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from deeploc_jax.models.winograd_tiles import (
    input_tiles,
    kernel_tiles,
    merge_tiles,
    output_tiles,
    sum_kernel_tiles,
    tile_counts,
)

CACHE_BYTES = 10 * 2**20
"""For the tiles of a chunk: a third of a third-level cache of today, more or less."""


@jax.custom_vjp
def winograd_conv(
    x: Float[Array, 'b h w c'], kernel: Float[Array, '3 3 c f']
) -> Float[Array, 'b h w f']:
    """A 3x3 convolution with stride 1 and SAME padding.

    The tiles of a whole batch are more than twice its size, so a few images at a time
    go through, and the gradient computes their tiles again. On several devices, each
    works through its own share of the batch. Differentiable in reverse mode only.

    Args:
        x: [b, h, w, c], b > 0, float32 or less precise; computed with in float32.
        kernel: [3, 3, c, features].

    Returns:
        [b, h, w, features], of the dtype of `x`.
    """
    shares = _share_out(x)
    size = _chunk_size(shares.shape[1:], kernel.shape)
    convolve = jax.vmap(partial(_convolve, weights=kernel_tiles(kernel)))

    def convolve_chunk(i: jax.Array, y: jax.Array) -> jax.Array:
        # Slices that reach past the end are moved back, in x as in y: the last chunk
        # then does a few images for the second time.
        done = convolve(lax.dynamic_slice_in_dim(shares, i * size, size, axis=1))
        return lax.dynamic_update_slice_in_dim(
            y, done.astype(y.dtype), i * size, axis=1
        )

    # All of y is overwritten. Of zeros, XLA would make that of every layer as the
    # program starts; of a sum, which it does not compute anew for each pixel, only once
    # x is there.
    start = shares[:, :1, :1, :1].sum(-1, keepdims=True)
    y = jnp.broadcast_to(start, (*shares.shape[:-1], kernel.shape[3]))
    y = lax.fori_loop(0, math.ceil(shares.shape[1] / size), convolve_chunk, y)
    return y.reshape(*x.shape[:3], -1)


def _backward(residuals: tuple, dy: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    turned = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    return winograd_conv(dy, turned), _kernel_gradient(x, dy, kernel)


winograd_conv.defvjp(
    lambda x, kernel: (winograd_conv(x, kernel), (x, kernel)), _backward
)


def _kernel_gradient(x: jax.Array, dy: jax.Array, kernel: jax.Array) -> jax.Array:
    """G' ((B d B') * (A dy A')) G, its middle summed over the tiles."""
    shares = _share_out(x), _share_out(dy)
    size = _chunk_size(shares[0].shape[1:], kernel.shape)
    chunks = math.ceil(shares[0].shape[1] / size)
    fill = [(0, 0), (0, chunks * size - shares[0].shape[1]), (0, 0), (0, 0), (0, 0)]
    shares = [jnp.pad(share, fill) for share in shares]

    def add_chunk(i: jax.Array, sums: list[jax.Array]) -> list[jax.Array]:
        chunk = [lax.dynamic_slice_in_dim(s, i * size, size, axis=1) for s in shares]
        products = jax.vmap(_multiply)(*chunk)
        return [total + product for total, product in zip(sums, products, strict=True)]

    zeros = jnp.zeros((len(shares[0]), 6, *kernel.shape[2:]), jnp.float32)
    sums = lax.fori_loop(0, chunks, add_chunk, [zeros] * 6)
    return sum_kernel_tiles([total.sum(0) for total in sums]).astype(kernel.dtype)


def _convolve(x: jax.Array, weights: list[jax.Array]) -> jax.Array:
    """A few images with the tiles of a kernel."""
    products = [v @ u for v, u in zip(input_tiles(x), weights, strict=True)]
    return merge_tiles(products, x.shape)


def _multiply(x: jax.Array, dy: jax.Array) -> list[jax.Array]:
    """(B d B') * (A dy A') of a few images: six columns [6, c, f]."""
    # Not v.T @ e, for which XLA would make a transposed copy of v.
    over_tiles = partial(
        lax.dot_general, dimension_numbers=(((1,), (1,)), ((0,), (0,)))
    )
    return [over_tiles(*p) for p in zip(input_tiles(x), output_tiles(dy), strict=True)]


def _chunk_size(shape: tuple[int, ...], kernel: tuple[int, ...]) -> int:
    """Number of images, a power of two, whose tiles fit the cache, before and after."""
    tile_bytes = 36 * 4 * sum(kernel[2:])
    size = max(1, CACHE_BYTES // (math.prod(tile_counts(shape)) * tile_bytes))
    # Batches are powers of two more often than not: then all chunks are full.
    return min(shape[0], 2 ** (size.bit_length() - 1))


def _share_out(x: jax.Array) -> jax.Array:
    """A batch [b, ...] in equal shares: [devices, b / devices, ...].

    XLA can only split an axis among devices if no loop runs over it. How the batch is
    laid out is not known while tracing, so there is a share for each device there is,
    or for as many as divide the batch.
    """
    return x.reshape(math.gcd(len(x), jax.device_count()), -1, *x.shape[1:])
