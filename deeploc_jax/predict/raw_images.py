"""Presents raw crops, as a user holds them, as the cells that a network takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from deeploc_jax.data.compiled_normalize import (
    CompiledNormalize,
    as_device_pixels,
    make_compiled_normalize,
)
from deeploc_jax.predict.pixels import as_images, as_pixels, check_finite, hint
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card


def normalization_of(card: Card) -> CompiledNormalize:
    """The normalization that a card names; raises a ValueError if it is unknown."""
    return make_compiled_normalize(card.normalization, card.white_level)


def raw_crops(images: Any, card: Card) -> Cells:
    """Unlabelled cells over raw images, checked batch by batch as they are read.

    They are for programs that normalize themselves, see `program.make_program`.

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
        images=_Checked(images, card),
        labels=np.full(shape[0], -1, np.int32),
        metadata={},
        class_names=card.class_names,
        channels=channels,
    )


class _Checked:
    """Raw images as a program takes them, checked when they are indexed."""

    def __init__(self, images: Any, card: Card):
        self.images = images
        self.card = card
        self.shape = tuple(images.shape)

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        # h5py wants rows in order and once; the last batch is padded with repeats.
        rows, places = np.unique(rows, return_inverse=True)
        pixels = as_pixels(self.images[rows])
        check_finite(pixels, rows)
        name, white_level = self.card.normalization, self.card.white_level
        return as_device_pixels(pixels, name, white_level)[places]
