"""Lean is a small residual network for screens of millions of cells on a laptop."""

from __future__ import annotations

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp

from deeploc_jax.models.layer import Layer
from deeploc_jax.models.network import Features, Network


class Lean(Network):
    """Residual blocks behind a strided stem; 13 times fewer FLOPs than DeepLoc.

    The stem halves 60x60 inputs to 30; each later stage halves them again (15, 8) and
    widens them. A stage is one block of two 3x3 convolutions around which its input is
    added. The mean over the image feeds one dense layer: 483,603 parameters for 19
    classes. Its features are `stage_1` ... and `mean` [b, f].

    Attributes:
        widths: Feature maps of the stages.

    References:
        He et al. 2016, Deep Residual Learning, CVPR. Moen et al. 2019, Nat. Methods
        16:1233, Fig 2, for what makes networks for cells cheap.
    """

    widths: tuple[int, ...] = (32, 64, 128)

    def convolve(self, image: jax.Array, *, train: bool) -> tuple[jax.Array, Features]:
        """The stages, and the mean over the image of the last one."""
        layer = partial(
            Layer,
            window=(3, 3),
            train=train,
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
        return x, features
