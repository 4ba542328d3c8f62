"""3x3 convolutions with four times fewer multiplications, for CPUs.

A polynomial s of four coefficients times a polynomial w of three is one of six, given
by its values at six points, and there it takes one product a point (Toom and Cook).
With the matrices A, G and V that evaluate four, three and six coefficients,

    s w = V^-1 ((G w) * (A s)).

A filter of three taps w does the transpose of this to six pixels d (Winograd's minimal
filtering F(4, 3)): four outputs from six products, not twelve,

    y = A' ((G w) * (B d)),    with B the inverse of V'.

On the rows and then the columns it is F(4x4, 3x3): each tile of 6x6 pixels, four apart,
gives 4x4 outputs from 36 products, not 144. With the sum over the input channels, each
of the 36 is one matrix product over all tiles, [tiles, c] @ [c, features]; here they
come as one product of stacks of six matrices for each of the six columns.

As y is linear in w, the gradient of the kernel is the transpose of the above,
G' ((B d) * (A dy)), summed over the tiles: 36 matrix products again. The gradient of
the input is the convolution of dy with the kernel turned by 180 degrees.

Sums of large terms cost accuracy: at the points below about 2e-6 of the results' size
(root mean square) in float32, where summing directly has 3e-7.

References:
    Lavin & Gray 2016, Fast Algorithms for Convolutional Neural Networks, CVPR.
    Blahut 2010, Fast Algorithms for Signal Processing, chapter 5: Toom and Cook, and
        transposition.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

CACHE_BYTES = 2**19
"""Half of a core's second-level cache: 1 MiB or more on the server CPUs of today."""

POINTS = (0, 1, -1, 2, -2)
"""And infinity, where a polynomial's value is its leading coefficient."""

STEP = 4
"""Outputs of a tile in each direction, and pixels from tile to tile."""


def _evaluate(count: int) -> np.ndarray:
    """From `count` coefficients to the values at the points: [6, count]."""
    return np.vstack([np.vander(POINTS, count, increasing=True), np.eye(count)[-1]])


A, G, B = _evaluate(STEP), _evaluate(3), np.linalg.inv(_evaluate(STEP + 2)).T
# A factor may go from B's rows to G's: with these B is of whole numbers.
FACTORS = np.append(B[:-1, -2], 1)[:, None]
G, B = np.asarray(G * FACTORS, np.float32), np.rint(B / FACTORS)


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
    sums = _on_each_device(partial(_sum_products, kernel=kernel), x, dy).sum(0)
    gradient = jnp.einsum('ik,jl,ijcd->klcd', G, G, sums).astype(kernel.dtype)
    turned = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    return winograd_conv(dy, turned), gradient


winograd_conv.defvjp(
    lambda x, kernel: (winograd_conv(x, kernel), (x, kernel)), _backward
)


def _convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    size = _chunk_size(x.shape, kernel.shape)
    weights = jnp.einsum('ik,jl,klcd->jicd', G, G, kernel).astype(jnp.float32)

    def convolve_chunk(i: jax.Array, y: jax.Array) -> jax.Array:
        # Slices that reach past the end are moved back, in x as in y: the last chunk
        # then does a few images for the second time.
        chunk = lax.dynamic_slice_in_dim(x, i * size, size)
        products = [v @ u for v, u in zip(_input_tiles(chunk), weights, strict=True)]
        done = _merge_tiles(products, chunk.shape).astype(y.dtype)
        return lax.dynamic_update_slice_in_dim(y, done, i * size, axis=0)

    y = jnp.zeros((*x.shape[:3], kernel.shape[3]), x.dtype)
    return lax.fori_loop(0, math.ceil(len(x) / size), convolve_chunk, y)


def _sum_products(x: jax.Array, dy: jax.Array, kernel: jax.Array) -> jax.Array:
    """(B d B') * (A dy A'), summed over all tiles: [6, 6, c, features]."""
    size = _chunk_size(x.shape, kernel.shape)
    chunks = math.ceil(len(x) / size)
    fill = [(0, chunks * size - len(x)), (0, 0), (0, 0), (0, 0)]
    x, dy = jnp.pad(x, fill), jnp.pad(dy, fill)

    def add_chunk(i: jax.Array, sums: list[jax.Array]) -> list[jax.Array]:
        v = _input_tiles(lax.dynamic_slice_in_dim(x, i * size, size))
        e = _output_tiles(lax.dynamic_slice_in_dim(dy, i * size, size))
        # Not v.T @ e, for which XLA would make a transposed copy of v.
        over_tiles = ((1,), (1,)), ((0,), (0,))
        products = map(partial(lax.dot_general, dimension_numbers=over_tiles), v, e)
        return [total + product for total, product in zip(sums, products, strict=True)]

    zeros = [jnp.zeros((len(B), *kernel.shape[2:]), jnp.float32)] * len(B)
    return jnp.stack(lax.fori_loop(0, chunks, add_chunk, zeros), axis=1)


def _input_tiles(x: jax.Array) -> list[jax.Array]:
    """B d B' of every tile: [b, h, w, c] to 6 times [6, tiles, c]."""
    high, wide = _tiles(x.shape)
    below, right = STEP * high - x.shape[1] + 1, STEP * wide - x.shape[2] + 1
    x = jnp.pad(x.astype(jnp.float32), [(0, 0), (1, below), (1, right), (0, 0)])
    down = [slice(k, k + STEP * high, STEP) for k in range(len(B))]
    along = [slice(k, k + STEP * wide, STEP) for k in range(len(B))]
    return _transform(B, [[x[:, i, j] for j in along] for i in down])


def _output_tiles(dy: jax.Array) -> list[jax.Array]:
    """A dy A' of every tile: [b, h, w, f] to 6 times [6, tiles, f]."""
    high, wide = _tiles(dy.shape)
    below, right = STEP * high - dy.shape[1], STEP * wide - dy.shape[2]
    dy = jnp.pad(dy.astype(jnp.float32), [(0, 0), (0, below), (0, right), (0, 0)])
    every = [slice(k, None, STEP) for k in range(STEP)]
    return _transform(A, [[dy[:, i, j] for j in every] for i in every])


def _transform(matrix: np.ndarray, pixels: list[list[jax.Array]]) -> list[jax.Array]:
    """M @ tile @ M' for the matrix M, of tiles that are given pixel by pixel.

    Args:
        matrix: [6, k].
        pixels: k times k times [b, high, wide, c], rows first.

    Returns:
        The six columns: each the six rows of all tiles, [6, b * high * wide, c].
    """
    weights = np.asarray(matrix.T, np.float32)[
        ..., None, None, None, None
    ]  # [k, 6, 1, 1, 1, 1]

    def rows(column: tuple[jax.Array, ...]) -> jax.Array:
        terms = (w * x[None] for w, x in zip(weights, column, strict=True))
        # Without the barrier XLA computes the rows anew for each of the columns.
        return lax.optimization_barrier(functools.reduce(operator.add, terms))

    stacks = [rows(column) for column in zip(*pixels, strict=True)]
    columns = [_weighted_sum(line, stacks) for line in matrix]
    return [column.reshape(len(matrix), -1, column.shape[-1]) for column in columns]


def _merge_tiles(products: list[jax.Array], shape: tuple[int, ...]) -> jax.Array:
    """A' m A of every tile: 6 times [6, tiles, features] to [b, h, w, features]."""
    b, h, w, _ = shape

    def combine(m: Iterable[jax.Array], axis: int) -> jax.Array:
        lines = jnp.stack([_weighted_sum(line, m) for line in A.T], axis + 1)
        return lax.collapse(lines, axis, axis + 2)

    rows = combine([m.reshape(len(A), b, *_tiles(shape), -1) for m in products], 3)
    return combine(rows, 1)[:, :h, :w]


def _weighted_sum(weights: Iterable[float], parts: Iterable[jax.Array]) -> jax.Array:
    """Without the many zeros, for which XLA would do the sums all the same."""
    pairs = zip(weights, parts, strict=True)
    return functools.reduce(operator.add, (float(k) * x for k, x in pairs if k))


def _tiles(shape: Sequence[int]) -> tuple[int, int]:
    """How many tiles cover an image [b, h, w, c] downwards and across."""
    return math.ceil(shape[1] / STEP), math.ceil(shape[2] / STEP)


def _chunk_size(shape: tuple[int, ...], kernel: tuple[int, ...]) -> int:
    """Number of images for which one of 36 matrix products stays in the cache."""
    c, features = kernel[2:]
    room = CACHE_BYTES // 4 - c * features
    size = max(1, room // (math.prod(_tiles(shape)) * (c + features)))
    # Batches are powers of two more often than not: then all chunks are full.
    return min(shape[0], 2 ** (size.bit_length() - 1))


def _on_each_device(share: Callable[..., jax.Array], *batch: jax.Array) -> jax.Array:
    """Stacks what `share` makes of each of the equal parts of a batch.

    XLA can only split an axis among devices if no loop runs over it. How the batch is
    laid out is not known while tracing, so there is a part for each device there is.
    """
    parts = math.gcd(len(batch[0]), jax.device_count())
    return jax.vmap(share)(*(x.reshape(parts, -1, *x.shape[1:]) for x in batch))
