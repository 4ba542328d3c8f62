"""The networks are built from one layer: ConvBNReLU, or its dense counterpart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from deeploc_jax.models.conv import conv3x3
from deeploc_jax.models.norm import BatchNorm, wide


class Layer(nn.Module):
    """A convolution (with `window`) or a dense layer, then batch norm and ReLU.

    Other libraries call it ConvBNReLU. In inference batch norm is folded into the
    kernel, so that only one vector is added.

    Attributes:
        width: Number of features it computes.
        window: Height and width of the kernel of a convolution; None: dense.
        strides: Strides of a convolution.
        bias: Initial value of a bias before batch norm; None: there is no bias, which
            batch norm would cancel.
        relu: Whether negative results become zero.
        train: Whether batch norm uses, and averages, the statistics of the batch.
        bn_momentum: Decay of the running averages of batch norm.
        kernel_init: Initializer of the kernel.
        dtype: Type of the computation; parameters and statistics are float32.
    """

    width: int
    window: tuple[int, int] | None = None
    strides: int = 1
    bias: float | None = None
    relu: bool = True
    train: bool = False
    bn_momentum: float = 0.9
    kernel_init: Callable[..., jax.Array] = nn.initializers.he_normal()
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, 'b ...']) -> Float[Array, 'b ...']:
        """Applies the layer to [b, h, w, c] (with `window`) or [b, f]."""
        shift = 0.0
        if self.bias is not None:
            initial = nn.initializers.constant(self.bias)
            shift = self.param('bias', initial, (self.width,))
        norm = BatchNorm(
            self.width, self.train, self.bn_momentum, relu=self.relu, name='bn'
        )
        if self.train:
            return norm(self._linear()(x), shift)
        factor, offset = norm.fold(shift)
        y = self._linear(factor)(x)
        y = (y + wide(offset, y)).astype(y.dtype)
        return nn.relu(y) if self.relu else y

    def _linear(self, factor: jax.Array | None = None) -> nn.Module:
        """The convolution or dense layer, with its kernel times `factor` [width].

        Flax offers no hook for the kernel, but takes the function that applies it.
        """

        def scaled(function: Callable) -> Callable:
            def apply(x: Any, kernel: Any, *args: Any, **options: Any) -> Any:
                if factor is not None:
                    kernel = (kernel * wide(factor, kernel)).astype(kernel.dtype)
                return function(x, kernel, *args, **options)

            return apply

        options = dict(use_bias=False, kernel_init=self.kernel_init, dtype=self.dtype)
        if self.window:
            return nn.Conv(
                self.width,
                self.window,
                self.strides,
                conv_general_dilated=scaled(conv3x3),
                name='conv',
                **options,
            )
        dot_general = scaled(jax.lax.dot_general)
        return nn.Dense(self.width, dot_general=dot_general, name='dense', **options)
