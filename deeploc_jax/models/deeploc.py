"""DeepLoc (Kraus et al. 2017, Fig 1B): eight convolutions, three dense layers."""

from __future__ import annotations

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Float32

from deeploc_jax.models.conv import max_pool_2x2
from deeploc_jax.models.layer import Layer
from deeploc_jax.models.network import Network

WIDTHS = ((64, 64), (128, 128), (256, 256, 256, 256))
"""Feature maps of the convolutions; a 2x2 max pool follows each group."""


class DeepLoc(Network):
    """The network of the DeepLoc paper, NHWC.

    Every layer is `W * x + b`, batch norm, ReLU; the logits are batch-normalised
    too, as in the released code. 60x60 inputs are pooled to 30, 15 and 8 pixels.
    With 60x60x2 inputs and 19 classes it has 10,991,417 trainable parameters.

    Attributes:
        bn_momentum: As in `Network`; 0.5 as released.

    References:
        Kraus et al. 2017, Mol. Syst. Biol. 13:924, Materials and Methods.
    """

    bn_momentum: float = 0.5

    @nn.compact
    def __call__(
        self, image: Float[Array, 'b h w c'], *, train: bool
    ) -> tuple[Float32[Array, 'b k'], dict[str, Float[Array, 'b ...']]]:
        """Applies the network.

        Args:
            image: [b, h, w, c] in [0, 1]; any h, w and c.
            train: Whether batch norm uses (and updates) the batch's statistics and
                dropout is on (rng 'dropout').

        Returns:
            Logits, float32 [b, num_classes], and the activations by layer:
            `conv_1` ... `conv_8` [b, h', w', f], `fc_1` and `fc_2` [b, 512].
        """
        layer = partial(
            Layer,
            bias=0.1,
            bn_momentum=self.bn_momentum,
            kernel_init=nn.initializers.truncated_normal(0.1),
            dtype=jnp.dtype(self.compute_dtype),
        )
        tuned = train and not self.frozen_convolutions
        features = {}
        x = image
        for group in WIDTHS:
            for width in group:
                name = f'conv_{len(features) + 1}'
                features[name] = x = layer(width, (3, 3), train=tuned, name=name)(x)
            x = max_pool_2x2(x)
        x = x.reshape(x.shape[0], -1)  # b is open in an export
        if self.frozen_convolutions:
            x = jax.lax.stop_gradient(x)
        for name in ('fc_1', 'fc_2'):
            features[name] = x = layer(512, train=train, name=name)(x)
        x = nn.Dropout(self.dropout, deterministic=not train)(x)
        logits = layer(self.num_classes, train=train, relu=False, name='final_layer')(x)
        return logits.astype(jnp.float32), features
