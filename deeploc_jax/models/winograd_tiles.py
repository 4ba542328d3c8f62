"""Transforms 3x3 convolutions to a quarter of the products (Winograd's filtering).

The product of a polynomial s of four coefficients and a polynomial w of three has six
coefficients. Its values at six points determine it, and each value takes one product
(Toom and Cook). With the matrices A, G and V that evaluate polynomials of four, three
and six coefficients at these points,

    s w = V^-1 ((G w) * (A s)).

A filter w of three taps applies the transpose of this to six pixels d (Winograd's
minimal filtering F(4, 3)) and takes six products for four outputs instead of twelve,

    y = A' ((G w) * (B d)),    with B the inverse of V'.

Applied to the rows and then to the columns it is F(4x4, 3x3): each tile of 6x6 pixels,
four apart, gives 4x4 outputs from 36 products instead of 144. Summed over the input
channels, each of the 36 is one matrix product over all tiles, [tiles, c] @ [c,
features]; here each of the six columns is one product of stacks of six matrices.

As y is linear in w, the gradient of the kernel is the transpose of the above,
G' ((B d) * (A dy)), summed over the tiles: 36 matrix products again. The gradient of
the input is the convolution of dy with the kernel rotated by 180 degrees and with its
input and output channels exchanged.

Sums of large terms cost accuracy: in float32 the error (root mean square, 128 channels)
is about 2e-6 of the results with the points below, and 3e-7 when summing directly.

References:
    Lavin & Gray 2016, Fast Algorithms for Convolutional Neural Networks, CVPR.
    Blahut 2010, Fast Algorithms for Signal Processing, chapter 5: Toom and Cook, and
        transposition.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

POINTS = (0, 1, -1, 2, -2)
"""The sixth is infinity, where the value of a polynomial is its leading coefficient."""

STEP = 4
"""Outputs of a tile in each direction, which is the distance of the tiles in pixels."""

# The transforms are jitted so that a network, whose layers have few shapes, traces each
# once: that saves two seconds at every start.


def _evaluate(count: int) -> np.ndarray:
    """Matrix [6, count] from `count` coefficients to the values at the points."""
    return np.vstack([np.vander(POINTS, count, increasing=True), np.eye(count)[-1]])


A, G, B = _evaluate(STEP), _evaluate(3), np.linalg.inv(_evaluate(STEP + 2)).T
# A factor can be moved from a row of B to that of G. These make B a matrix of integers.
FACTORS = np.append(B[:-1, -2], 1)[:, None]
G, B = G * FACTORS, np.rint(B / FACTORS)


@jax.jit
def kernel_tiles(kernel: Float[Array, '3 3 c f']) -> list[Float[Array, '6 c f']]:
    """G w G', column by column."""
    return _transform(G, [list(row) for row in kernel])


@jax.jit
def sum_kernel_tiles(columns: list[Float[Array, '6 c f']]) -> Float[Array, '3 3 c f']:
    """G' m G: the transpose of `kernel_tiles`."""
    rows = zip(*columns, strict=True)
    return jnp.stack(_transform(G.T, [list(row) for row in rows]), 1)


@jax.jit
def input_tiles(x: jax.Array) -> list[jax.Array]:
    """B d B' of every tile, from [b, h, w, c] to 6 times [6, tiles, c]."""
    high, wide = tile_counts(x.shape)
    below, right = STEP * high - x.shape[1] + 1, STEP * wide - x.shape[2] + 1
    x = jnp.pad(x.astype(jnp.float32), [(0, 0), (1, below), (1, right), (0, 0)])
    down = [slice(k, k + STEP * high, STEP) for k in range(len(B))]
    along = [slice(k, k + STEP * wide, STEP) for k in range(len(B))]
    return _transform(B, [[x[:, i, j] for j in along] for i in down])


@jax.jit
def output_tiles(dy: jax.Array) -> list[jax.Array]:
    """A dy A' of every tile, from [b, h, w, f] to 6 times [6, tiles, f]."""
    high, wide = tile_counts(dy.shape)
    below, right = STEP * high - dy.shape[1], STEP * wide - dy.shape[2]
    dy = jnp.pad(dy.astype(jnp.float32), [(0, 0), (0, below), (0, right), (0, 0)])
    every = [slice(k, None, STEP) for k in range(STEP)]
    return _transform(A, [[dy[:, i, j] for j in every] for i in every])


def _transform(matrix: np.ndarray, pixels: list[list[jax.Array]]) -> list[jax.Array]:
    """M @ tile @ M' for the matrix M and tiles that are given pixel by pixel.

    Args:
        matrix: [m, k].
        pixels: k rows of k arrays [..., c], each one pixel of all tiles.

    Returns:
        The m columns, each with the m rows of all tiles, [m, tiles, c].
    """
    ones = [1] * pixels[0][0].ndim
    weights = np.reshape(matrix.T, (-1, len(matrix), *ones)).astype(np.float32)

    def rows(column: tuple[jax.Array, ...]) -> jax.Array:
        terms = (x[None] * w for w, x in zip(weights, column, strict=True))
        return functools.reduce(operator.add, terms)

    stacks = [rows(column) for column in zip(*pixels, strict=True)]
    columns = [_weighted_sum(line, stacks) for line in matrix]
    return [column.reshape(len(matrix), -1, column.shape[-1]) for column in columns]


@functools.partial(jax.jit, static_argnums=1)
def merge_tiles(products: list[jax.Array], shape: tuple[int, ...]) -> jax.Array:
    """A' m A of every tile, from 6 times [6, tiles, f] to [b, h, w, f]."""
    b, h, w, _ = shape

    def combine(m: Sequence[jax.Array] | jax.Array, axis: int) -> jax.Array:
        lines = jnp.stack([_weighted_sum(line, m) for line in A.T], axis + 1)
        return lax.collapse(lines, axis, axis + 2)

    rows = combine([m.reshape(len(A), b, *tile_counts(shape), -1) for m in products], 3)
    return combine(rows, 1)[:, :h, :w]


def _weighted_sum(weights: Iterable[float], parts: Iterable[jax.Array]) -> jax.Array:
    """A sum without the many zero weights, which XLA would multiply by all the same."""
    pairs = zip(weights, parts, strict=True)
    return functools.reduce(operator.add, (float(k) * x for k, x in pairs if k))


def tile_counts(shape: Sequence[int]) -> tuple[int, int]:
    """Numbers of tiles that cover an image [b, h, w, c] downwards and across."""
    return math.ceil(shape[1] / STEP), math.ceil(shape[2] / STEP)
