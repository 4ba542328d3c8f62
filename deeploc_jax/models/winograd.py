"""Computes 3x3 convolutions with about a quarter of the multiplications, for CPUs.

`winograd_tiles.py` transforms pixels and kernels to tiles, for which a convolution is
36 matrix products, [tiles, c] @ [c, features]: six columns, each a stack of six. This
file loops over a few images at a time and defines the gradients.
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
"""Memory for the tiles of a chunk, about a third of a usual third-level cache."""


@jax.custom_vjp
def winograd_conv(
    x: Float[Array, 'b h w c'], kernel: Float[Array, '3 3 c f']
) -> Float[Array, 'b h w f']:
    """A 3x3 convolution with stride 1 and SAME padding.

    The tiles of a whole batch would take more than twice its memory, so a chunk of
    images is computed at a time, and the gradient computes their tiles again. Each of
    several devices works through its own share of the batch. Differentiable in reverse
    mode only.

    Args:
        x: [b, h, w, c], b > 0, float32 or bfloat16; the computation is in float32.
        kernel: [3, 3, c, features].

    Returns:
        [b, h, w, features], with the dtype of `x`.
    """
    shares = _share_out(x)
    size = _chunk_size(shares.shape[1:], kernel.shape)
    convolve = jax.vmap(partial(_convolve, weights=kernel_tiles(kernel)))

    def convolve_chunk(i: jax.Array, y: jax.Array) -> jax.Array:
        # JAX moves slices that reach past the end back, those of x as those of y: the
        # last chunk then computes a few images for the second time.
        done = convolve(lax.dynamic_slice_in_dim(shares, i * size, size, axis=1))
        return lax.dynamic_update_slice_in_dim(
            y, done.astype(y.dtype), i * size, axis=1
        )

    # All of y is overwritten, whatever it starts from. If it started from zeros, XLA
    # would allocate the buffers of all layers as the program starts. A value that
    # depends on x delays the allocation until x is computed, and XLA computes a sum
    # once, where it would repeat a cheaper operation for each pixel.
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
    """G' ((B d B') * (A dy A')) G, with the part in between summed over the tiles."""
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
    """Convolves a few images with the tiles of a kernel."""
    products = [v @ u for v, u in zip(input_tiles(x), weights, strict=True)]
    return merge_tiles(products, x.shape)


def _multiply(x: jax.Array, dy: jax.Array) -> list[jax.Array]:
    """(B d B') * (A dy A') of a few images: six columns [6, c, f]."""
    # For v.T @ e XLA would make a transposed copy of v.
    over_tiles = partial(
        lax.dot_general, dimension_numbers=(((1,), (1,)), ((0,), (0,)))
    )
    return [over_tiles(*p) for p in zip(input_tiles(x), output_tiles(dy), strict=True)]


def _chunk_size(shape: tuple[int, ...], kernel: tuple[int, ...]) -> int:
    """Number of images whose tiles of input and output fit the cache, a power of two.

    Args:
        shape: [b, h, w, c] of the input.
        kernel: [3, 3, c, f] of the kernel.
    """
    tile_bytes = 36 * 4 * sum(kernel[2:])
    size = max(1, CACHE_BYTES // (math.prod(tile_counts(shape)) * tile_bytes))
    # Most batch sizes are powers of two, too: then all chunks are full.
    return min(shape[0], 2 ** (size.bit_length() - 1))


def _share_out(x: jax.Array) -> jax.Array:
    """Reshapes a batch [b, ...] to equal shares, [devices, b / devices, ...].

    XLA can only split an axis among devices if no loop runs over it. While tracing it
    is unknown how the batch is laid out, so there is a share for each device, or for as
    many devices as divide the batch evenly.
    """
    return x.reshape(math.gcd(len(x), jax.device_count()), -1, *x.shape[1:])
