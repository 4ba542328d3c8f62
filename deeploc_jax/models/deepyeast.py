"""DeepYeast (Parnamaa & Parts 2017, Fig 1c): 5, 9, 11 or 13 layers, three dense."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Float32

from deeploc_jax.models.conv import max_pool_2x2
from deeploc_jax.models.layer import Layer
from deeploc_jax.models.network import Network

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
    they were tried; here they differ in the convolutions.

    Attributes:
        depth: Convolutions and dense layers together: 5, 9, 11 or 13.
        dropout: Here after each of the first two dense layers.

    References:
        Parnamaa & Parts 2017, G3 7:1385, Materials and Methods.
    """

    MEAN_IMAGE: ClassVar[bool] = True

    depth: int = 11
    dropout: float = 0.5

    @nn.compact
    def __call__(
        self, image: Float[Array, 'b h w c'], *, train: bool
    ) -> tuple[Float32[Array, 'b k'], dict[str, Float[Array, 'b ...']]]:
        """Applies the network.

        Args:
            image: [b, h, w, c] in [0, 1]; any h, w and c, the same ones always.
            train: Whether batch norm uses (and updates) the batch's statistics, and
                dropout is on (rng 'dropout').

        Returns:
            Logits, float32 [b, num_classes], and the activations by layer:
            `conv_1` ... [b, h', w', f], `fc_1` and `fc_2` [b, 512].
        """
        layer = partial(
            Layer,
            bias=0.0,
            bn_momentum=self.bn_momentum,
            kernel_init=nn.initializers.glorot_normal(),
            dtype=jnp.dtype(self.compute_dtype),
        )
        drop = nn.Dropout(self.dropout, deterministic=not train)
        tuned = train and not self.frozen_convolutions
        features = {}
        mean = self.variable('batch_stats', 'mean_image', jnp.zeros, image.shape[1:])
        x = image - mean.value[None]
        if self.depth not in WIDTHS:
            raise ValueError(f'depth ({self.depth}) must be 5, 9, 11 or 13.')
        for group in WIDTHS[self.depth]:
            for width in group:
                name = f'conv_{len(features) + 1}'
                features[name] = x = layer(width, (3, 3), train=tuned, name=name)(x)
            x = max_pool_2x2(x)
        x = x.reshape(x.shape[0], -1)  # b is open in an export
        if self.frozen_convolutions:
            x = jax.lax.stop_gradient(x)
        for name in ('fc_1', 'fc_2'):
            features[name] = x = layer(512, train=train, name=name)(x)
            x = drop(x)
        logits = nn.Dense(
            self.num_classes,
            kernel_init=nn.initializers.glorot_normal(),
            dtype=jnp.dtype(self.compute_dtype),
            name='fc_3',
        )(x)
        return logits.astype(jnp.float32), features
