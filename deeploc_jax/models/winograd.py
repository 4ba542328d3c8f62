"""3x3 convolutions with 2.25 times fewer multiplications, for CPUs.

Winograd's minimal filtering F(2, 3) gives two outputs of a filter of three taps,
y0 = d0 w0 + d1 w1 + d2 w2 and y1 = d1 w0 + d2 w1 + d3 w2, from four products, not six:

    m0 = (d0 - d2) w0                       m3 = (d1 - d3) w2
    m1 = (d1 + d2) (w0 + w1 + w2) / 2       m2 = (d2 - d1) (w0 - w1 + w2) / 2
    y0 = m0 + m1 + m2                       y1 = m1 - m2 - m3

or y = A' ((G w) * (B' d)), with the matrices A, B and G that these lines spell out. On
the rows and then the columns it is F(2x2, 3x3): each tile of 4x4 pixels, two apart,
gives 2x2 outputs from 16 products, not 36. With the sum over the input channels, each
of the 16 is one matrix product over all tiles, [tiles, c] @ [c, features].

As y is linear in w, the gradient of the kernel is the transpose of the above,
G' ((B' d) * (A dy)), summed over the tiles: 16 matrix products again. The gradient of
the input is the convolution of dy with the kernel turned by 180 degrees.

References:
    Lavin & Gray 2016, Fast Algorithms for Convolutional Neural Networks, CVPR.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float32

CACHE_BYTES = 2**20
"""Second-level cache of a core: 1 MiB or more on the server CPUs of today."""

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)


@jax.custom_vjp
def winograd_conv(
    x: Float32[Array, 'b h w c'], kernel: Float32[Array, '3 3 c f']
) -> Float32[Array, 'b h w f']:
    """A 3x3 convolution with stride 1 and SAME padding.

    The tiles of a whole batch are four times its size, so a few images at a time go
    through, and the gradient computes their tiles again. On several devices, each
    works through its own share of the batch. Differentiable in reverse mode only.

    Args:
        x: float32 [b, h, w, c], b > 0.
        kernel: float32 [3, 3, c, features].

    Returns:
        float32 [b, h, w, features].
    """
    y = _on_each_device(partial(_convolve, kernel=kernel), x)
    return y.reshape(-1, *y.shape[2:])


def _backward(residuals: tuple, dy: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    sums = _on_each_device(partial(_sum_products, kernel=kernel), x, dy).sum(0)
    turned = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    return winograd_conv(dy, turned), jnp.einsum('ik,jl,ijcd->klcd', G, G, sums)


winograd_conv.defvjp(
    lambda x, kernel: (winograd_conv(x, kernel), (x, kernel)), _backward
)


def _convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    size = _chunk_size(x.shape, kernel.shape)
    weights = jnp.einsum('ik,jl,klcd->ijcd', G, G, kernel)
    weights = weights.reshape(16, *kernel.shape[2:])

    def convolve_chunk(i: jax.Array, y: jax.Array) -> jax.Array:
        # Slices that reach past the end are moved back, in x as in y: the last chunk
        # then does a few images for the second time.
        chunk = lax.dynamic_slice_in_dim(x, i * size, size)
        products = [v @ u for v, u in zip(_input_tiles(chunk), weights, strict=True)]
        done = _merge_tiles(products, chunk.shape)
        return lax.dynamic_update_slice_in_dim(y, done, i * size, axis=0)

    y = jnp.zeros((*x.shape[:3], kernel.shape[3]))
    return lax.fori_loop(0, math.ceil(len(x) / size), convolve_chunk, y)


def _sum_products(x: jax.Array, dy: jax.Array, kernel: jax.Array) -> jax.Array:
    """(B' d B) * (A dy A'), summed over all tiles: [4, 4, c, features]."""
    size = _chunk_size(x.shape, kernel.shape)
    chunks = math.ceil(len(x) / size)
    fill = [(0, chunks * size - len(x)), (0, 0), (0, 0), (0, 0)]
    x, dy = jnp.pad(x, fill), jnp.pad(dy, fill)

    def add_chunk(i: jax.Array, sums: list[jax.Array]) -> list[jax.Array]:
        v = _input_tiles(lax.dynamic_slice_in_dim(x, i * size, size))
        e = _output_tiles(lax.dynamic_slice_in_dim(dy, i * size, size))
        # Not v.T @ e, for which XLA would make a transposed copy of v.
        over_tiles = ((0,), (0,)), ((), ())
        products = map(partial(lax.dot_general, dimension_numbers=over_tiles), v, e)
        return [total + product for total, product in zip(sums, products, strict=True)]

    zeros = [jnp.zeros(kernel.shape[2:])] * 16
    sums = lax.fori_loop(0, chunks, add_chunk, zeros)
    return jnp.stack(sums).reshape(4, 4, *kernel.shape[2:])


def _input_tiles(x: jax.Array) -> list[jax.Array]:
    """B' d B of every tile: [b, h, w, c] to 16 times [tiles, c]."""
    _, h, w, _ = x.shape

    def combine(x: jax.Array, axis: int) -> tuple[jax.Array, ...]:
        span = x.shape[axis] - 3
        d0, d1, d2, d3 = (
            lax.slice_in_dim(x, k, k + span, stride=2, axis=axis) for k in range(4)
        )
        return d0 - d2, d1 + d2, d2 - d1, d1 - d3

    x = jnp.pad(x, [(0, 0), (1, 1 + h % 2), (1, 1 + w % 2), (0, 0)])
    return _rows_then_columns(combine, x)


def _output_tiles(dy: jax.Array) -> list[jax.Array]:
    """A dy A' of every tile: [b, h, w, features] to 16 times [tiles, features]."""
    _, h, w, _ = dy.shape

    def combine(dy: jax.Array, axis: int) -> tuple[jax.Array, ...]:
        y0, y1 = (lax.slice_in_dim(dy, k, None, stride=2, axis=axis) for k in range(2))
        return y0, y0 + y1, y0 - y1, -y1

    dy = jnp.pad(dy, [(0, 0), (0, h % 2), (0, w % 2), (0, 0)])
    return _rows_then_columns(combine, dy)


def _rows_then_columns(
    combine: Callable[[jax.Array, int], tuple[jax.Array, ...]], x: jax.Array
) -> list[jax.Array]:
    # Without the barrier XLA computes the rows anew for each of the 16 results.
    rows = lax.optimization_barrier(combine(x, 1))
    return [tile.reshape(-1, x.shape[3]) for row in rows for tile in combine(row, 2)]


def _merge_tiles(products: list[jax.Array], shape: tuple[int, ...]) -> jax.Array:
    """A' m A of every tile: 16 times [tiles, features] to [b, h, w, features]."""
    b, h, w, _ = shape

    def combine(m: list[jax.Array], axis: int) -> jax.Array:
        pair = jnp.stack([m[0] + m[1] + m[2], m[1] - m[2] - m[3]], axis + 1)
        return lax.collapse(pair, axis, axis + 2)

    m = [product.reshape(b, (h + 1) // 2, (w + 1) // 2, -1) for product in products]
    return combine([combine(m[k : k + 4], 2) for k in range(0, 16, 4)], 1)[:, :h, :w]


def _chunk_size(shape: tuple[int, ...], kernel: tuple[int, ...]) -> int:
    """Number of images for which one of the 16 matrix products stays in the cache."""
    (b, h, w, _), (c, features) = shape, kernel[2:]
    tiles = math.ceil(h / 2) * math.ceil(w / 2)
    room = CACHE_BYTES // 4 - c * features
    size = max(1, room // (tiles * (c + features)))
    # Batches are powers of two more often than not: then all chunks are full.
    return min(b, 2 ** (size.bit_length() - 1))


def _on_each_device(share: Callable[..., jax.Array], *batch: jax.Array) -> jax.Array:
    """Stacks what `share` makes of each of the equal parts of a batch.

    XLA can only split an axis among devices if no loop runs over it. How the batch is
    laid out is not known while tracing, so there is a part for each device there is.
    """
    parts = math.gcd(len(batch[0]), jax.device_count())
    return jax.vmap(share)(*(x.reshape(parts, -1, *x.shape[1:]) for x in batch))
