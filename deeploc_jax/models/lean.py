"""A small residual network for screens of millions of cells on a laptop."""

from __future__ import annotations

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Float32

from deeploc_jax.models.layer import Layer
from deeploc_jax.models.network import Network


class Lean(Network):
    """Residual blocks behind a strided stem; 13 times fewer FLOPs than DeepLoc.

    The stem halves 60x60 inputs to 30; each later stage halves them again (15, 8) and
    widens them. A stage is one block of two 3x3 convolutions around which its input is
    added. The mean over the image feeds one dense layer: 483,603 parameters for 19
    classes.

    Attributes:
        widths: Feature maps of the stages.

    References:
        He et al. 2016, Deep Residual Learning, CVPR. Moen et al. 2019, Nat. Methods
        16:1233, Fig 2, for what makes networks for cells cheap.
    """

    widths: tuple[int, ...] = (32, 64, 128)

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
            `stage_1` ... [b, h', w', f] and `mean` [b, f].
        """
        layer = partial(
            Layer,
            window=(3, 3),
            train=train and not self.frozen_convolutions,
            bn_momentum=self.bn_momentum,
            dtype=jnp.dtype(self.compute_dtype),
        )
        features = {}
        x = image
        for number, width in enumerate(self.widths, start=1):
            x = layer(width, strides=2, name=f'down_{number}')(x)
            y = layer(width, name=f'conv_{number}a')(x)
            y = layer(width, relu=False, name=f'conv_{number}b')(y)
            features[f'stage_{number}'] = x = nn.relu(x + y)
        features['mean'] = x = x.mean((1, 2))
        if self.frozen_convolutions:
            x = jax.lax.stop_gradient(x)
        x = nn.Dropout(self.dropout, deterministic=not train)(x)
        logits = nn.Dense(self.num_classes, name='final_layer')(x.astype(jnp.float32))
        return logits, features
