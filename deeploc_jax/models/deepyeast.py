"""DeepYeast (Parnamaa & Parts 2017, Fig 1c) has 11 layers; 5, 9 or 13 were tried."""

from __future__ import annotations

from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp

from deeploc_jax.models.conv import max_pool_2x2
from deeploc_jax.models.layer import Layer
from deeploc_jax.models.network import Features, Network

WIDTHS = {
    5: ((64,), (128,), ()),
    9: ((64, 64), (128, 128), (256, 256)),
    11: ((64, 64), (128, 128), (256, 256, 256, 256)),
    13: ((64, 64), (128, 128), (256, 256, 256, 256, 256, 256)),
}
"""Feature maps of the convolutions by depth; a 2x2 max pool follows each group."""


class DeepYeast(Network):
    """The network of the DeepYeast paper, NHWC.

    The mean of the training images is subtracted from each pixel. Every layer but the
    last is `W * x + b`, batch norm, ReLU. With 64x64x2 inputs, 12 classes and 11 layers
    it has 10,987,788 trainable parameters. The paper says of the other depths only that
    they were tried; here they differ in the convolutions. Its features are `conv_1`
    ..., `fc_1` and `fc_2` [b, 512].

    Attributes:
        depth: Convolutions and dense layers together: 5, 9, 11 or 13.
        dropout: Here after each of the first two dense layers.

    References:
        Parnamaa & Parts 2017, G3 7:1385, Materials and Methods.
    """

    HEAD: ClassVar[str] = 'fc_3'
    MEAN_IMAGE: ClassVar[bool] = True

    depth: int = 11
    dropout: float = 0.5

    def convolve(self, image: jax.Array, *, train: bool) -> tuple[jax.Array, Features]:
        """The image less the mean image through all convolutions, as vectors."""
        if self.depth not in WIDTHS:
            raise ValueError(f'depth ({self.depth}) must be 5, 9, 11 or 13.')
        mean = self.variable('batch_stats', 'mean_image', jnp.zeros, image.shape[1:])
        x = image - mean.value[None]
        features = {}
        for group in WIDTHS[self.depth]:
            for width in group:
                name = f'conv_{len(features) + 1}'
                layer = self._layer(width, window=(3, 3), train=train, name=name)
                features[name] = x = layer(x)
            x = max_pool_2x2(x)
        return x.reshape(x.shape[0], -1), features  # b is open in an export

    def classify(self, x: jax.Array, *, train: bool) -> tuple[jax.Array, Features]:
        """Two dense layers, dropout after each, and the layer of the classes."""
        drop = nn.Dropout(self.dropout, deterministic=not train)
        features = {}
        for name in ('fc_1', 'fc_2'):
            features[name] = x = self._layer(512, train=train, name=name)(x)
            x = drop(x)
        head = nn.Dense(
            self.num_classes,
            kernel_init=nn.initializers.glorot_normal(),
            dtype=jnp.dtype(self.compute_dtype),
            name=self.HEAD,
        )
        return head(x), features

    def _layer(self, width: int, **options: Any) -> Layer:
        return Layer(
            width,
            bias=0.0,
            bn_momentum=self.bn_momentum,
            kernel_init=nn.initializers.glorot_normal(),
            dtype=jnp.dtype(self.compute_dtype),
            **options,
        )
