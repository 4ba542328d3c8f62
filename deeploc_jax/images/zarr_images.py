"""Reads images in OME-Zarr: full resolution, and of no more planes than needed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.image_shape import check_size
from deeploc_jax.images.tiff_axes import order_axes
from deeploc_jax.images.zarr_folders import ome_attributes, open_group

_MICROMETERS = {'micrometer': 1.0, 'nanometer': 1e-3, 'millimeter': 1e3, 'meter': 1e6}


def open_zarr(path: Path, _: contextlib.ExitStack) -> ImageFile:
    """Opens an image of OME-Zarr, version 0.4 or 0.5; channels come last.

    Raises:
        ImageError: It is no such image, is damaged, or the library is not installed.
    """
    group = open_group(path)
    attributes = ome_attributes(group)
    if not attributes.get('multiscales'):
        is_plate = 'plate' in attributes or 'well' in attributes
        what = 'a plate or well: name one of its images' if is_plate else 'no image'
        raise ImageError(f'is {what} (there is no "multiscales" in its metadata)')
    scales = attributes['multiscales'][0]
    array = group[scales['datasets'][0]['path']]
    letters = ''.join(axis['name'].upper() for axis in scales['axes'])
    if len(letters) != array.ndim:
        raise ImageError(f'its axes are {letters}, but its shape is {array.shape}')
    check_size(array.chunks)  # one chunk is decompressed as a whole
    names = tuple(
        channel.get('label', '')
        for channel in attributes.get('omero', {}).get('channels', ())
    )
    return _array_file(array, letters, names, _pixel_size(scales))


def _array_file(
    array: Any,
    letters: str,
    names: tuple[str, ...],
    pixel_size: tuple[float, float] | None,
) -> ImageFile:
    kept = [n for n, a in enumerate(letters) if a in 'YX' or array.shape[n] > 1]
    shape = tuple(array.shape[n] for n in kept)
    axes = order_axes(''.join(letters[n] for n in kept), shape)
    first, last = axes.order[0], axes.order[-1]

    def read(places: Mapping[int, int]) -> np.ndarray:
        """The pixels at one place along some of the kept axes."""
        chosen: list[int | slice] = [0] * array.ndim
        for n, axis in enumerate(kept):
            chosen[axis] = places.get(n, slice(None))
        pixels = np.asarray(array[tuple(chosen)])
        if pixels.size and np.all(pixels == (array.fill_value or 0)):
            raise ImageError('was never written: all of its pixels have one value')
        rest = [axis for axis in axes.order if axis not in places]
        return pixels.transpose(np.argsort(np.argsort(rest)))

    def get(index: int | None) -> np.ndarray:
        return read({} if index is None else {first: index})

    def get_channel(index: int | None, channel: int) -> np.ndarray:
        return read({last: channel} | ({} if index is None else {first: index}))

    return ImageFile(
        shape=tuple(shape[axis] for axis in axes.order),
        get=get,
        get_channel=get_channel if axes.channels > 1 else None,
        channel_names=names if len(names) == axes.channels and all(names) else (),
        pixel_size=pixel_size,
        count=axes.count,
        stack=axes.stack,
    )


def _pixel_size(scales: Mapping[str, Any]) -> tuple[float, float] | None:
    """Height and width of a pixel in micrometers, None unless both have a unit."""
    sizes = np.ones(len(scales['axes']))
    for part in (scales['datasets'][0], scales):
        for transformation in part.get('coordinateTransformations', ()):
            sizes = sizes * _factors(transformation, len(sizes))
    found = {
        axis['name'].upper(): size * _MICROMETERS.get(axis.get('unit', ''), 0.0)
        for axis, size in zip(scales['axes'], sizes.tolist(), strict=True)
    }
    height, width = found.get('Y', 0.0), found.get('X', 0.0)
    return (height, width) if height > 0 and width > 0 else None


def _factors(transformation: Mapping[str, Any], count: int) -> Sequence[float]:
    return transformation['scale'] if 'scale' in transformation else [1.0] * count
