"""The convolution of networks made for ImageNet, with the options their authors chose.

Networks of our own are built from `layer.Layer`, which is faster on CPUs. These must
compute what the weights of others were trained for, down to padding and epsilon.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from deeploc_jax.models.norm import wide


class ConvNorm(nn.Module):
    """A convolution, batch norm and an activation.

    Attributes:
        width: Number of feature maps it computes.
        window: Height and width of the kernel.
        strides: Strides.
        padding: 'SAME' as in TensorFlow (more at the end where it is odd), 'VALID', or
            pixels on every side as in PyTorch.
        depthwise: Whether each map has a kernel of its own; `width` is that of the
            input then.
        bias: Whether the convolution has a bias, which batch norm would cancel.
        scale: Whether batch norm has a scale.
        epsilon: Constant that batch norm adds to the variance.
        activation: What follows; None: nothing.
        train: Whether batch norm uses, and averages, the statistics of the batch.
        bn_momentum: Decay of the running averages.
        dtype: Type of the computation; parameters and statistics are float32.
    """

    width: int
    window: tuple[int, int] = (1, 1)
    strides: int = 1
    padding: str | int = 'SAME'
    depthwise: bool = False
    bias: bool = False
    scale: bool = True
    epsilon: float = 1e-3
    activation: Callable[[jax.Array], jax.Array] | None = nn.relu
    train: bool = False
    bn_momentum: float = 0.9
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, 'b h w c']) -> Float[Array, 'b i j f']:
        """Applies the layer."""
        x = nn.Conv(
            self.width,
            self.window,
            self.strides,
            padding=self.padding,
            feature_group_count=self.width if self.depthwise else 1,
            use_bias=self.bias,
            dtype=self.dtype,
            kernel_init=nn.initializers.he_normal(),
            name='conv',
        )(x)
        x = nn.BatchNorm(
            use_running_average=not self.train,
            momentum=self.bn_momentum,
            epsilon=self.epsilon,
            use_scale=self.scale,
            dtype=self.dtype,
            name='bn',
        )(x)
        return x if self.activation is None else self.activation(x)


class Pixels(nn.Module):
    """Shows pixels from 0 to 1 as weights of others want them: (x - mean) / sd.

    Mean and standard deviation of each channel are constants beside the statistics of
    batch norm. A new network leaves its pixels as they are.

    Attributes:
        side: Side that images are resized to; 0: they stay as large as they are.
    """

    side: int = 0

    @nn.compact
    def __call__(self, image: Float[Array, 'b h w c']) -> Float[Array, 'b i j c']:
        """Resizes the images and scales the pixels."""
        if self.side:
            shape = (len(image), self.side, self.side, image.shape[-1])
            image = jax.image.resize(image, shape, 'bilinear')
        shape = (image.shape[-1],)
        mean = self.variable('batch_stats', 'mean', jnp.zeros, shape).value
        deviation = self.variable('batch_stats', 'sd', jnp.ones, shape).value
        return (image - wide(mean, image)) / wide(deviation, image)
