"""3x3 convolutions with about a quarter of the multiplications, for CPUs.

Pixels and kernels become tiles (`winograd_tiles.py`), between which a convolution is 36
matrix products over all tiles, [tiles, c] @ [c, features]: six columns of stacks of
six. Here are the loops over a few images at a time, and the gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

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

CACHE_BYTES = 2**19
"""Half of the 1 MiB that a second-level cache has today, more or less."""


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
    y = _on_each_device(partial(_convolve, kernel=kernel), x)
    return y.reshape(-1, *y.shape[2:])


def _backward(residuals: tuple, dy: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    sums = _on_each_device(partial(_sum_products, kernel=kernel), x, dy)
    gradient = sum_kernel_tiles([s.sum(0) for s in sums]).astype(kernel.dtype)
    turned = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    return winograd_conv(dy, turned), gradient


winograd_conv.defvjp(
    lambda x, kernel: (winograd_conv(x, kernel), (x, kernel)), _backward
)


def _convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    size = _chunk_size(x.shape, kernel.shape)
    weights = kernel_tiles(kernel)

    def convolve_chunk(i: jax.Array, y: jax.Array) -> jax.Array:
        # Slices that reach past the end are moved back, in x as in y: the last chunk
        # then does a few images for the second time.
        chunk = lax.dynamic_slice_in_dim(x, i * size, size)
        products = [v @ u for v, u in zip(input_tiles(chunk), weights, strict=True)]
        done = merge_tiles(products, chunk.shape).astype(y.dtype)
        return lax.dynamic_update_slice_in_dim(y, done, i * size, axis=0)

    y = jnp.zeros((*x.shape[:3], kernel.shape[3]), x.dtype)
    return lax.fori_loop(0, math.ceil(len(x) / size), convolve_chunk, y)


def _sum_products(x: jax.Array, dy: jax.Array, kernel: jax.Array) -> list[jax.Array]:
    """(B d B') * (A dy A'), summed over the tiles: six columns [6, c, f]."""
    size = _chunk_size(x.shape, kernel.shape)
    chunks = math.ceil(len(x) / size)
    fill = [(0, chunks * size - len(x)), (0, 0), (0, 0), (0, 0)]
    x, dy = jnp.pad(x, fill), jnp.pad(dy, fill)

    def add_chunk(i: jax.Array, sums: list[jax.Array]) -> list[jax.Array]:
        v = input_tiles(lax.dynamic_slice_in_dim(x, i * size, size))
        e = output_tiles(lax.dynamic_slice_in_dim(dy, i * size, size))
        # Not v.T @ e, for which XLA would make a transposed copy of v.
        over_tiles = ((1,), (1,)), ((0,), (0,))
        products = map(partial(lax.dot_general, dimension_numbers=over_tiles), v, e)
        return [total + product for total, product in zip(sums, products, strict=True)]

    zeros = [jnp.zeros((6, *kernel.shape[2:]), jnp.float32)] * 6
    return lax.fori_loop(0, chunks, add_chunk, zeros)


def _chunk_size(shape: tuple[int, ...], kernel: tuple[int, ...]) -> int:
    """Number of images, a power of two, for which a matrix product fits the cache."""
    c, features = kernel[2:]
    room = CACHE_BYTES // 4 - c * features
    size = max(1, room // (math.prod(tile_counts(shape)) * (c + features)))
    # Batches are powers of two more often than not: then all chunks are full.
    return min(shape[0], 2 ** (size.bit_length() - 1))


def _on_each_device(share: Callable[..., Any], *batch: jax.Array) -> Any:
    """Stacks what `share` makes of each of the equal parts of a batch.

    XLA can only split an axis among devices if no loop runs over it. How the batch is
    laid out is not known while tracing, so there is a part for each device there is.
    """
    parts = math.gcd(len(batch[0]), jax.device_count())
    return jax.vmap(share)(*(x.reshape(parts, -1, *x.shape[1:]) for x in batch))
