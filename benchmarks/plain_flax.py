"""DeepLoc is written here in plain Flax, without a thought for speed, as a peer."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from deeploc_jax.models.deeploc import WIDTHS


class PlainDeepLoc(nn.Module):
    """The layers and parameters of `models.deeploc.DeepLoc`, with Flax's own parts."""

    num_classes: int
    compute_dtype: str = 'float32'

    @nn.compact
    def __call__(self, image: jax.Array, *, train: bool) -> tuple[jax.Array, Any]:
        """Logits [b, k] of images [b, h, w, c], and no features."""
        dtype = jnp.dtype(self.compute_dtype)
        x, number = image.astype(dtype), 0
        for group in WIDTHS:
            for width in group:
                number += 1
                x = PlainLayer(width, (3, 3), True, dtype, name=f'conv_{number}')(
                    x, train=train
                )
            x = nn.max_pool(x, (2, 2), (2, 2), 'SAME')
        x = x.reshape(len(x), -1)
        for name in ('fc_1', 'fc_2'):
            x = PlainLayer(512, None, True, dtype, name=name)(x, train=train)
        layer = PlainLayer(self.num_classes, None, False, dtype, name='final_layer')
        return layer(x, train=train).astype(jnp.float32), {}


class PlainLayer(nn.Module):
    """Convolution or dense layer, batch norm, ReLU."""

    width: int
    window: tuple[int, int] | None
    relu: bool
    dtype: Any

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Applies the layer."""
        if self.window:
            conv = nn.Conv(
                self.width, self.window, use_bias=False, dtype=self.dtype, name='conv'
            )
            x = conv(x)
        else:
            dense = nn.Dense(self.width, use_bias=False, dtype=self.dtype, name='dense')
            x = dense(x)
        bias = self.param('bias', nn.initializers.constant(0.1), (self.width,))
        x = x + bias.astype(self.dtype).reshape((1,) * (x.ndim - 1) + (-1,))
        norm = nn.BatchNorm(
            use_running_average=not train,
            momentum=0.5,
            epsilon=1e-3,
            dtype=self.dtype,
            name='bn',
        )
        x = norm(x)
        return nn.relu(x) if self.relu else x
