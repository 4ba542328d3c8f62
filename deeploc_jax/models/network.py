"""What all networks have in common: their options, and how they are called."""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

FADE = 4  # pixels over which the view ends


class Network(nn.Module):
    """Options that every network has; each adds its own.

    Attributes:
        num_classes: Number of localization classes.
        dropout: Dropout rate before the last layer, in training.
        bn_momentum: Decay of the running averages of batch norm.
        compute_dtype: 'float32' or 'bfloat16'; parameters and statistics are
            float32 either way.
        frozen_convolutions: Whether training leaves the convolutions, and their
            batch norm, as they are.
        view_radius: Of the disc about the middle that is seen, in pixels; beyond it
            the image is black, and neighbours cannot mislead. 0: all is seen.
    """

    num_classes: int
    dropout: float = 0.0
    bn_momentum: float = 0.9
    compute_dtype: str = 'float32'
    frozen_convolutions: bool = False
    view_radius: float = 0.0

    def in_view(self, image: Float[Array, 'b h w c']) -> Float[Array, 'b h w c']:
        """Images as they are seen: whole, or a disc of `view_radius` that fades out."""
        if not self.view_radius:
            return image
        y, x = (jnp.arange(size) - (size - 1) / 2 for size in image.shape[1:3])
        distance = jnp.hypot(y[:, None], x[None, :])
        seen = jnp.clip((self.view_radius - distance) / FADE + 0.5, 0, 1)
        return image * seen[None, :, :, None].astype(image.dtype)
