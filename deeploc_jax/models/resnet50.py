"""ResNet50 is the network of 50 layers with which residual blocks became known."""

from __future__ import annotations

from functools import partial

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from deeploc_jax.models.conv_norm import ConvNorm, Pixels
from deeploc_jax.models.network import Features, Network

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Width, and number of blocks, of each stage."""


class ResNet50(Network):
    """Residual blocks of three convolutions, 23.5 million parameters before the head.

    Features are `stem`, every block (`block_1_1` ... `block_4_3`) and `mean` [b, 2048].

    Attributes:
        input_side: Side that images are resized to; 0: they stay as large as they are.
        release: 'keras' or 'torchvision', which differ: Keras has biases before batch
            norm, and halves the image in the first convolution of a stage rather than
            in the second.

    References:
        He et al. 2016, Deep Residual Learning, CVPR. Kensert et al. 2019, SLAS
        Discovery 24:466, for cells.
    """

    input_side: int = 0
    release: str = 'keras'

    def convolve(
        self, image: Float[Array, 'b h w c'], *, train: bool
    ) -> tuple[Float[Array, 'b f'], Features]:
        """The blocks, and the mean over the image of the last one."""
        layer = partial(
            ConvNorm,
            bias=self.release == 'keras',
            epsilon=1.001e-5 if self.release == 'keras' else 1e-5,
            train=train,
            bn_momentum=self.bn_momentum,
            dtype=jnp.dtype(self.compute_dtype),
        )
        features: Features = {}
        x = Pixels(self.input_side, name='pixels')(image)
        x = layer(64, (7, 7), 2, 3, name='stem')(x)
        features['stem'] = x
        x = nn.max_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1)))
        for stage, (width, blocks) in enumerate(STAGES, start=1):
            for number in range(1, blocks + 1):
                strides = 2 if stage > 1 and number == 1 else 1
                name = f'block_{stage}_{number}'
                features[name] = x = Bottleneck(
                    layer, width, strides, self.release == 'keras', name=name
                )(x)
        features['mean'] = x = x.mean((1, 2))
        return x, features


class Bottleneck(nn.Module):
    """Narrows, convolves and widens; what came in is added.

    Attributes:
        layer: Makes a `ConvNorm`.
        width: Feature maps between; four times as many come out.
        strides: Strides of the block.
        early: Whether the first convolution has them rather than the second.
    """

    layer: partial[ConvNorm]
    width: int
    strides: int
    early: bool

    @nn.compact
    def __call__(self, x: Float[Array, 'b h w c']) -> Float[Array, 'b i j f']:
        """Applies the block."""
        layer, wide = self.layer, 4 * self.width
        first, second = (self.strides, 1) if self.early else (1, self.strides)
        y = layer(self.width, (1, 1), first, name='conv_1')(x)
        y = layer(self.width, (3, 3), second, 1, name='conv_2')(y)
        y = layer(wide, activation=None, name='conv_3')(y)
        if x.shape != y.shape:
            x = layer(wide, (1, 1), self.strides, activation=None, name='shortcut')(x)
        return nn.relu(x + y)
