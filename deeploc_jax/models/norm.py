"""Computes batch norm and ReLU as one operation, with few passes over memory.

Convolutions on CPUs are fast enough here that reading and writing their outputs counts.
From Flax's parts XLA makes a program that stores x + bias, x - mean and the normalized
x, and the latter two again for the gradient. Here only the input is kept. It is read
twice for the statistics, once for the result, and twice for the gradient:

    z = scale x' + bias,   x' = (x - mean) / sqrt(var + epsilon),   y = max(z, 0)

    dz = dy where z > 0,   dbias = sum dz,   dscale = sum dz x'
    dx = scale / sqrt(var + epsilon) * (dz - dbias / n - x' dscale / n)

with sums over the n pixels of the whole batch, on all devices.

References:
    Ioffe & Szegedy 2015, Batch Normalization.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Float32


class BatchNorm(nn.Module):
    """Normalizes x + shift over all axes but the last; ReLU follows if wanted.

    Parameters and running averages have the names that `flax.linen.BatchNorm` gives
    them.

    Attributes:
        width: Number of channels.
        train: Whether to use, and average, the statistics of the batch.
        momentum: Decay of the running averages.
        epsilon: Constant that is added to the variance.
        relu: Whether negative results become zero.
    """

    width: int
    train: bool
    momentum: float = 0.9
    epsilon: float = 1e-3
    relu: bool = True

    def setup(self) -> None:
        """Makes parameters and running averages, [width] each."""
        size = (self.width,)
        self.scale = self.param('scale', nn.initializers.ones, size)
        self.bias = self.param('bias', nn.initializers.zeros, size)
        self.mean = self.variable('batch_stats', 'mean', jnp.zeros, size)
        self.var = self.variable('batch_stats', 'var', jnp.ones, size)

    def __call__(
        self, x: Float[Array, '... c'], shift: ArrayLike = 0.0
    ) -> Float[Array, '... c']:
        """Applies the layer.

        Args:
            x: Activations, float32 or bfloat16; statistics are float32 either way.
            shift: Bias [c] of the layer before. In training it is only added to the
                running mean: subtracting the mean of the batch cancels it, so that
                neither values nor gradients depend on it.
        """
        if not self.train:
            mean, factor = self.mean.value - shift, self._factor()
            return _scaled(x, mean, factor, self.bias, self.relu)
        y, mean, var = normalize(x, self.scale, self.bias, self.epsilon, self.relu)
        if not self.is_initializing():
            decay = self.momentum
            shifted = mean + jax.lax.stop_gradient(shift)
            self.mean.value = decay * self.mean.value + (1 - decay) * shifted
            self.var.value = decay * self.var.value + (1 - decay) * var
        return y

    def fold(
        self, shift: ArrayLike = 0.0
    ) -> tuple[Float32[Array, ' c'], Float32[Array, ' c']]:
        """`factor` and `offset` [c]: inference computes factor x + offset, then ReLU.

        The kernel of a linear layer before it can be multiplied by the factor instead.

        Args:
            shift: Bias [c] of the layer before.
        """
        factor = self._factor()
        return factor, self.bias + (shift - self.mean.value) * factor

    def _factor(self) -> Float32[Array, ' c']:
        return self.scale * jax.lax.rsqrt(self.var.value + self.epsilon)


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def normalize(
    x: Float[Array, '... c'],
    scale: Float32[Array, ' c'],
    bias: Float32[Array, ' c'],
    epsilon: float,
    relu: bool,
) -> tuple[Float[Array, '... c'], Float32[Array, ' c'], Float32[Array, ' c']]:
    """Batch norm with the statistics of the batch, and ReLU if wanted.

    The variance is computed from differences to the mean. E[x^2] - E[x]^2 would save a
    pass, but has no correct digit on the near-constant background of micrographs.

    Returns:
        The result in the type of `x`, and mean and variance of the batch, which carry
        no gradient.
    """
    return _forward(x, scale, bias, epsilon, relu)[0]


def _forward(x: Any, scale: Any, bias: Any, epsilon: float, relu: bool) -> Any:
    axes = tuple(range(x.ndim - 1))
    mean = jnp.mean(x, axes, dtype=jnp.float32)
    var = jnp.mean(jnp.square(x - wide(mean, x)), axes)
    inverse = jax.lax.rsqrt(var + epsilon)
    y = _scaled(x, mean, scale * inverse, bias, relu)
    return (y, mean, var), (x, mean, inverse, scale, bias)


def _backward(epsilon: float, relu: bool, residuals: Any, cotangents: Any) -> Any:
    x, mean, inverse, scale, bias = residuals
    axes = tuple(range(x.ndim - 1))
    n = x.size // x.shape[-1]
    factor = scale * inverse
    centered = x - wide(mean, x)
    dz = cotangents[0].astype(jnp.float32)
    product = dz * centered
    if relu:
        # The last thing done, or XLA would keep `centered` since the forward pass.
        positive = _scaled(x, mean, factor, bias, relu) > 0
        dz, product = jnp.where(positive, dz, 0), jnp.where(positive, product, 0)
    dbias, dscale = jnp.sum(dz, axes), jnp.sum(product, axes) * inverse
    slope = dscale / n * inverse
    dx = wide(factor, x) * (dz - wide(dbias / n, x) - centered * wide(slope, x))
    return dx.astype(x.dtype), dscale, dbias


normalize.defvjp(_forward, _backward)


def _scaled(x: Any, mean: Any, factor: Any, bias: Any, relu: bool) -> Any:
    # x * factor - mean * factor would cancel where x is nearly constant.
    y = (x - wide(mean, x)) * wide(factor, x) + wide(bias, x)
    return (jnp.maximum(y, 0) if relu else y).astype(x.dtype)


def wide(vector: jax.Array, x: jax.Array) -> jax.Array:
    """A vector [c] in a shape that broadcasts along the last axis of x."""
    return vector.reshape((1,) * (x.ndim - 1) + (-1,))
