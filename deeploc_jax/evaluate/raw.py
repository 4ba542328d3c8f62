"""Raw crops, as a user holds them, as the cells that a network takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from deeploc_jax.data.normalize import Normalize, eight_bit, percentile_normalize
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import EIGHT_BIT, PERCENTILE, Card

NORMALIZATIONS: dict[str, Normalize] = {
    PERCENTILE: percentile_normalize,
    EIGHT_BIT: eight_bit,
}


def normalization_of(card: Card) -> Normalize:
    """What a network wants done to raw pixels; a ValueError if that is unknown."""
    if card.normalization not in NORMALIZATIONS:
        raise ValueError(f'Unknown normalization of pixels: {card.normalization!r}.')
    return NORMALIZATIONS[card.normalization]


def raw_cells(images: Any, card: Card) -> Cells:
    """Unlabelled cells over raw images, normalised batch by batch as they are read.

    Args:
        images: Array, memory map, HDF5 data set or list of [side, side, c] pixels of
            any real type.
        card: Of the network that they are for.

    Raises:
        ValueError: They have another shape than the network's.
    """
    if not hasattr(images, 'shape'):
        images = np.asarray(images)
    side, channels = card.side, card.channels
    if images.ndim != 4 or images.shape[1:] != (side, side, len(channels)):
        raise ValueError(
            f'images must be [n, {side}, {side}, {len(channels)}] (channels: '
            f'{", ".join(channels)}), as in training, but have shape {images.shape}.'
        )
    return Cells(
        images=_Normalized(images, normalization_of(card)),
        labels=np.full(len(images), -1, np.int32),
        metadata={},
        class_names=card.class_names,
        channels=channels,
    )


class _Normalized:
    """`types.Images` over raw ones, normalised when they are indexed."""

    def __init__(self, images: np.ndarray, normalize: Normalize):
        self.images = images
        self.normalize = normalize
        self.shape = images.shape

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        # h5py wants rows in order and once; the last batch is padded with repeats.
        rows, places = np.unique(rows, return_inverse=True)
        images = np.asarray(self.images[rows])
        finite = np.isfinite(images).all(axis=(1, 2, 3))
        if not finite.all():
            raise ValueError(
                f'images[{rows[~finite][0]}] has pixels that are not finite.'
            )
        return self.normalize(images)[places]
