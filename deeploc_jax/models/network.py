"""What all networks have in common: their options, and how they are called."""

from __future__ import annotations

from typing import ClassVar

import flax.linen as nn


class Network(nn.Module):
    """Options that every network has; each adds its own.

    A class with `MEAN_IMAGE` subtracts `batch_stats/mean_image` from its inputs, the
    mean of the training images, which is computed before training and then constant.

    Attributes:
        num_classes: Number of localization classes.
        dropout: Dropout rate before the last layer, in training.
        bn_momentum: Decay of the running averages of batch norm.
        compute_dtype: 'float32' or 'bfloat16'; parameters and statistics are
            float32 either way.
        frozen_convolutions: Whether training leaves the convolutions, and their
            batch norm, as they are.
    """

    MEAN_IMAGE: ClassVar[bool] = False

    num_classes: int
    dropout: float = 0.0
    bn_momentum: float = 0.9
    compute_dtype: str = 'float32'
    frozen_convolutions: bool = False
