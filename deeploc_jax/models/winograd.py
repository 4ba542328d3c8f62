"""3x3 convolutions with 2.25 times fewer multiplications, for CPUs.

Winograd's minimal filtering F(2, 3) gives two outputs of a filter of three taps,
y0 = d0 w0 + d1 w1 + d2 w2 and y1 = d1 w0 + d2 w1 + d3 w2, from four products, not six:

    m0 = (d0 - d2) w0                       m3 = (d1 - d3) w2
    m1 = (d1 + d2) (w0 + w1 + w2) / 2       m2 = (d2 - d1) (w0 - w1 + w2) / 2
    y0 = m0 + m1 + m2                       y1 = m1 - m2 - m3

that is y = A' ((G w) * (B' d)) with the matrices A, B, G these lines spell out. Used
on the rows, then on the columns, it is F(2x2, 3x3): tiles of 4x4 pixels, two apart,
give 2x2 outputs each from 16 products, not 36. Summed over the input channels, each
of the 16 is a matrix product [tiles, c] @ [c, features].

y is linear in w, and its transpose gives the gradient of the kernel: G' ((B' d)' *
(A dy)), 16 matrix products again. The gradient of the input is a convolution as well,
with the kernel turned by 180 degrees.

References:
    Lavin & Gray 2016, Fast Algorithms for Convolutional Neural Networks, CVPR.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

CACHE_BYTES = 2**20
"""Second-level cache of one core: 1 MiB on server CPUs since about 2017."""

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)


@jax.custom_vjp
def winograd_conv(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """A 3x3 convolution with stride 1 and SAME padding, computed in float32.

    The tiles of a whole batch are four times its size, so a few images at a time go
    through, and the gradient computes their tiles again. On several devices, each
    works through its own share of the batch. Differentiable in reverse mode only.

    Args:
        x: [b, h, w, c], b > 0.
        kernel: [3, 3, c, features].

    Returns:
        [b, h, w, features], of the dtype of `x`.
    """
    weights = _kernel_tiles(kernel)

    def convolve(x: jax.Array) -> jax.Array:
        size = _chunk_size(x, kernel)

        def convolve_chunk(i: jax.Array, y: jax.Array) -> jax.Array:
            # Slices that reach past the end are moved back, here and in the update:
            # then the last chunk does a few images for the second time.
            chunk = lax.dynamic_slice_in_dim(x, i * size, size)
            tiles = zip(_input_tiles(chunk), weights, strict=True)
            done = _merge_tiles([v @ u for v, u in tiles], chunk.shape)
            return lax.dynamic_update_slice_in_dim(y, done.astype(y.dtype), i * size, 0)

        y = jnp.zeros((*x.shape[:3], kernel.shape[3]), x.dtype)
        return lax.fori_loop(0, math.ceil(len(x) / size), convolve_chunk, y)

    y = _on_each_device(convolve, x)
    return y.reshape(-1, *y.shape[2:])


def _kernel_gradient(x: jax.Array, kernel: jax.Array, dy: jax.Array) -> jax.Array:
    def sum_tiles(x: jax.Array, dy: jax.Array) -> jax.Array:
        size = _chunk_size(x, kernel)
        chunks = math.ceil(len(x) / size)
        fill = [(0, chunks * size - len(x)), (0, 0), (0, 0), (0, 0)]
        x, dy = jnp.pad(x, fill), jnp.pad(dy, fill)

        def add_chunk(i: jax.Array, sums: list[jax.Array]) -> list[jax.Array]:
            v = _input_tiles(lax.dynamic_slice_in_dim(x, i * size, size))
            e = _output_tiles(lax.dynamic_slice_in_dim(dy, i * size, size))
            return [s + _contract_first(*ve) for s, *ve in zip(sums, v, e, strict=True)]

        zeros = [jnp.zeros(kernel.shape[2:])] * 16
        return jnp.stack(lax.fori_loop(0, chunks, add_chunk, zeros))

    sums = _on_each_device(sum_tiles, x, dy).sum(0).reshape(4, 4, *kernel.shape[2:])
    return jnp.einsum('ik,jl,ijcd->klcd', G, G, sums).astype(kernel.dtype)


def _forward(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, tuple]:
    return winograd_conv(x, kernel), (x, kernel)


def _backward(residuals: tuple, dy: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    turned = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    return winograd_conv(dy, turned), _kernel_gradient(x, kernel, dy)


winograd_conv.defvjp(_forward, _backward)


def _input_tiles(x: jax.Array) -> list[jax.Array]:
    """B' d B of every tile: [b, h, w, c] to 16 times [tiles, c]."""
    _, h, w, c = x.shape
    x = jnp.pad(x.astype(jnp.float32), [(0, 0), (1, 1 + h % 2), (1, 1 + w % 2), (0, 0)])

    def combine(x: jax.Array, axis: int) -> tuple[jax.Array, ...]:
        last = x.shape[axis] - 3
        d0, d1, d2, d3 = (
            lax.slice_in_dim(x, k, k + last, stride=2, axis=axis) for k in range(4)
        )
        return d0 - d2, d1 + d2, d2 - d1, d1 - d3

    # XLA would otherwise compute the rows anew for each of the 16 results.
    rows = lax.optimization_barrier(combine(x, axis=1))
    return [tile.reshape(-1, c) for row in rows for tile in combine(row, axis=2)]


def _kernel_tiles(kernel: jax.Array) -> jax.Array:
    """G w G': [3, 3, c, features] to [16, c, features]."""
    tiles = jnp.einsum('ik,jl,klcd->ijcd', G, G, kernel.astype(jnp.float32))
    return tiles.reshape(16, *kernel.shape[2:])


def _output_tiles(dy: jax.Array) -> list[jax.Array]:
    """A dy A' of every tile: [b, h, w, features] to 16 times [tiles, features]."""
    _, h, w, features = dy.shape
    dy = jnp.pad(dy.astype(jnp.float32), [(0, 0), (0, h % 2), (0, w % 2), (0, 0)])

    def combine(dy: jax.Array, axis: int) -> tuple[jax.Array, ...]:
        y0, y1 = (lax.slice_in_dim(dy, k, None, stride=2, axis=axis) for k in range(2))
        return y0, y0 + y1, y0 - y1, -y1

    rows = lax.optimization_barrier(combine(dy, axis=1))
    return [tile.reshape(-1, features) for row in rows for tile in combine(row, axis=2)]


def _merge_tiles(products: list[jax.Array], shape: tuple[int, ...]) -> jax.Array:
    """A' m A of every tile: 16 times [tiles, features] to [b, h, w, features]."""
    b, h, w, _ = shape

    def combine(m: list[jax.Array], axis: int) -> jax.Array:
        pair = jnp.stack([m[0] + m[1] + m[2], m[1] - m[2] - m[3]], axis + 1)
        return lax.collapse(pair, axis, axis + 2)

    m = [product.reshape(b, (h + 1) // 2, (w + 1) // 2, -1) for product in products]
    return combine([combine(m[k : k + 4], 2) for k in range(0, 16, 4)], 1)[:, :h, :w]


def _contract_first(v: jax.Array, e: jax.Array) -> jax.Array:
    """v' e, without a transposed copy of v."""
    return lax.dot_general(v, e, (((0,), (0,)), ((), ())))


def _chunk_size(x: jax.Array, kernel: jax.Array) -> int:
    """Number of images for which one of the 16 products stays in the cache."""
    (b, h, w, _), (c, features) = x.shape, kernel.shape[2:]
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
