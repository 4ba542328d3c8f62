"""DeepLoc (Kraus et al. 2017, Fig 1B) has eight convolutions and three dense layers."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from deeploc_jax.models.conv import max_pool_2x2
from deeploc_jax.models.layer import Layer
from deeploc_jax.models.network import Features, Network

WIDTHS = ((64, 64), (128, 128), (256, 256, 256, 256))
"""Feature maps of the convolutions; a 2x2 max pool follows each group."""


class DeepLoc(Network):
    """The network of the DeepLoc paper, NHWC.

    Every layer is `W * x + b`, batch norm, ReLU; the logits are batch-normalized
    too, as in the released code. 60x60 inputs are pooled to 30, 15 and 8 pixels.
    With 60x60x2 inputs and 19 classes it has 10,991,417 trainable parameters. Its
    features are `conv_1` ... `conv_8`, `fc_1` and `fc_2` [b, 512].

    Attributes:
        bn_momentum: Decay of the running averages; the released code has 0.5.

    References:
        Kraus et al. 2017, Mol. Syst. Biol. 13:924, Materials and Methods.
    """

    bn_momentum: float = 0.5

    def convolve(self, image: jax.Array, *, train: bool) -> tuple[jax.Array, Features]:
        """Eight convolutions in three groups; the last maps as vectors."""
        features = {}
        x = image
        for group in WIDTHS:
            for width in group:
                name = f'conv_{len(features) + 1}'
                layer = self._layer(width, window=(3, 3), train=train, name=name)
                features[name] = x = layer(x)
            x = max_pool_2x2(x)
        return x.reshape(x.shape[0], -1), features  # b is open in an export

    def classify(self, x: jax.Array, *, train: bool) -> tuple[jax.Array, Features]:
        """Two dense layers, dropout, and the layer of the classes."""
        features = {}
        for name in ('fc_1', 'fc_2'):
            features[name] = x = self._layer(512, train=train, name=name)(x)
        x = nn.Dropout(self.dropout, deterministic=not train)(x)
        head = self._layer(self.num_classes, train=train, relu=False, name=self.HEAD)
        return head(x), features

    def _layer(self, width: int, **options: Any) -> Layer:
        return Layer(
            width,
            bias=0.1,
            bn_momentum=self.bn_momentum,
            kernel_init=nn.initializers.truncated_normal(0.1),
            dtype=jnp.dtype(self.compute_dtype),
            **options,
        )
