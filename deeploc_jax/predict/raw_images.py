"""Presents raw crops, as a user holds them, as the cells that a network takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from deeploc_jax.data.normalize import Normalize, make_normalize
from deeploc_jax.predict.pixels import as_images, as_pixels, check_finite, hint
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card


def normalization_of(card: Card) -> Normalize:
    """The normalization that a card names; raises a ValueError if it is unknown."""
    return make_normalize(card.normalization, card.white_level)


def raw_cells(images: Any, card: Card) -> Cells:
    """Unlabelled cells over raw images, normalized batch by batch as they are read.

    Args:
        images: Array of any library, memory map, HDF5 or zarr data set or list of
            [side, side, c] pixels of any real type.
        card: Card of the network that they are for.

    Raises:
        ValueError: They have another shape than the network's, or are no images.
    """
    side, channels = card.side, card.channels
    images = as_images(images)
    if images is None:  # an empty list
        images = np.zeros((0, side, side, len(channels)), np.float32)
    shape = tuple(images.shape)
    # The length of a dask array may be unknown, which is NaN.
    known = all(size == size for size in shape)
    if not known or len(shape) != 4 or shape[1:] != (side, side, len(channels)):
        raise ValueError(
            f'images must be [n, {side}, {side}, {len(channels)}] (channels: '
            f'{", ".join(channels)}), as in training, but have shape {shape}.'
            + hint(shape, side, len(channels))
        )
    return Cells(
        images=_Normalized(images, normalization_of(card)),
        labels=np.full(shape[0], -1, np.int32),
        metadata={},
        class_names=card.class_names,
        channels=channels,
    )


class _Normalized:
    """`types.Images` over raw ones, normalized when they are indexed."""

    def __init__(self, images: Any, normalize: Normalize):
        self.images = images
        self.normalize = normalize
        self.shape = tuple(images.shape)

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        # h5py wants rows in order and once; the last batch is padded with repeats.
        rows, places = np.unique(rows, return_inverse=True)
        pixels = as_pixels(self.images[rows])
        check_finite(pixels, rows)
        return self.normalize(pixels)[places]
