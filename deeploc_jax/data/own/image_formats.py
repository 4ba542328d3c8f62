"""The image formats of a user's table: all of `images`, and the release of DeepLoc."""

from __future__ import annotations

import contextlib
from pathlib import Path

from deeploc_jax import images
from deeploc_jax.data.release import layout
from deeploc_jax.images import ImageFile, ImageReader, hdf5
from deeploc_jax.images.hdf5_files import open_to_read


def make_reader(num_channels: int = 1) -> ImageReader:
    """Makes a reader for rows with at most one file for each channel."""
    return ImageReader(max(8, num_channels), OPENERS)


def _open_hdf5(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens a data set of images, or else the cells of a file of the release."""
    file = resources.enter_context(open_to_read(path))
    has_images = any(hdf5.has_name(file, name) for name in hdf5.NAMES)
    if layout.data_names(file) and not has_images:
        return layout.as_image_file(file)
    return hdf5.as_image_file(file)


OPENERS = {
    suffix: _open_hdf5 if opener is hdf5.open_hdf5 else opener
    for suffix, opener in images.OPENERS.items()
}
