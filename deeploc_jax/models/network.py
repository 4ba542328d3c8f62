"""All networks share these options, and are called in the same way."""

from __future__ import annotations

from typing import ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Float32

Features = dict[str, Float[Array, 'b ...']]
"""Activations by the name of the layer, in the order of the layers."""


class Network(nn.Module):
    """A network for crops of single cells: convolutions, then a classifier.

    Each network defines `convolve` and, where more than one layer follows, `classify`.
    One with `MEAN_IMAGE` subtracts `batch_stats/mean_image` from its inputs, the mean
    of the training images, which is computed before training and then constant.

    Attributes:
        HEAD: Name of the layer of the classes, the only one whose size depends on them;
            transfer learning starts it anew.
        MEAN_IMAGE: Whether the network subtracts a mean image.
        num_classes: Number of localization classes.
        dropout: Dropout rate before the last layer, in training.
        bn_momentum: Decay of the running averages of batch norm.
        compute_dtype: 'float32' or 'bfloat16'; parameters and statistics are
            float32 either way.
        frozen_convolutions: Whether training leaves the convolutions, and their
            batch norm, as they are.
    """

    HEAD: ClassVar[str] = 'final_layer'
    MEAN_IMAGE: ClassVar[bool] = False

    num_classes: int
    dropout: float = 0.0
    bn_momentum: float = 0.9
    compute_dtype: str = 'float32'
    frozen_convolutions: bool = False

    @nn.compact
    def __call__(
        self, image: Float[Array, 'b h w c'], *, train: bool
    ) -> tuple[Float32[Array, 'b k'], Features]:
        """Applies the network.

        Args:
            image: Crops in [0, 1], [b, h, w, c]; any h, w and c, but the same ones for
                the same parameters of a dense layer or mean image.
            train: Whether batch norm uses (and updates) the statistics of the batch,
                and dropout is on (rng 'dropout').

        Returns:
            Logits, float32 [b, num_classes], and the activations by layer: [b, h', w',
            f] of convolutions and [b, f] of dense layers.
        """
        x, maps = self.convolve(image, train=train and not self.frozen_convolutions)
        if self.frozen_convolutions:
            x = jax.lax.stop_gradient(x)
        logits, vectors = self.classify(x, train=train)
        return logits.astype(jnp.float32), maps | vectors

    def convolve(
        self, image: Float[Array, 'b h w c'], *, train: bool
    ) -> tuple[Float[Array, 'b f'], Features]:
        """One vector for each image, and the activations on the way to it.

        Args:
            image: The crops.
            train: Whether the convolutions are trained.
        """
        raise NotImplementedError

    def classify(
        self, x: Float[Array, 'b f'], *, train: bool
    ) -> tuple[Float[Array, 'b k'], Features]:
        """Logits of the vectors, by the layer `HEAD`, and the activations before it.

        Here dropout and the layer of the classes, which computes in float32.
        """
        x = nn.Dropout(self.dropout, deterministic=not train)(x)
        head = nn.Dense(self.num_classes, name=self.HEAD)
        return head(x.astype(jnp.float32)), {}
