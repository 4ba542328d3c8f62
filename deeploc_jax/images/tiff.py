"""Reads TIFF and OME-TIFF: images one at a time, channels one at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import tifffile

from deeploc_jax.images.colors import make_converter
from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.image_place import ImagePlace
from deeploc_jax.images.ome_xml import OmeXml, parse_ome_xml, without_uuids
from deeploc_jax.images.series import stack_series
from deeploc_jax.images.tiff_axes import order_axes, squeeze_axes
from deeploc_jax.images.tiff_pixels import TiffPixels

_LOCK = threading.Lock()


def open_tiff(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens a TIFF with one image, one stack of them, or several images of one shape.

    Channels come last.

    Only planes of this very file are read, never those of a file that it names.

    Args:
        path: Path of the file.
        resources: Stack that closes the file again.

    Raises:
        ImageError: The file is damaged, or holds images of different kinds.
    """
    with _strict_tifffile():
        file = resources.enter_context(tifffile.TiffFile(path))
        ome, text = OmeXml(), file.pages.first.description
        if file.is_ome or re.search(r'<(\w+:)?OME\s', text):  # also if cut short
            ome = parse_ome_xml(text, path.name)
            file.is_ome = not (ome.fault or ome.other_file)
            if file.is_ome:
                file.pages.first.description = without_uuids(text)
        ome = _check_metadata(file, ome)
        images = [_series_file(file, number, ome) for number in range(len(file.series))]
        if len(images) == 1:
            return images[0]
        return dataclasses.replace(stack_series(images), places=_find_places(file, ome))


def _find_places(file: tifffile.TiffFile, ome: OmeXml) -> tuple[ImagePlace, ...]:
    """Place on a plate of every image of a file.

    Raises:
        ImageError: The images differ in their channels or pixel size.
    """
    if not ome.alike:
        raise ImageError(
            f'holds {len(file.series)} series of images, which differ in their '
            'channels or pixel size; save each as its own file'
        )
    return ome.places if len(ome.places) == len(file.series) else ()


def _check_metadata(file: tifffile.TiffFile, ome: OmeXml) -> OmeXml:
    """Replaces OME-XML that tifffile could not use by the fault that it has."""
    if file.series[0].kind in ('generic', 'uniform'):
        if file.is_ome:
            return OmeXml(fault='its OME-XML does not fit its planes')
        if file.is_imagej:
            raise ImageError('the axes that ImageJ wrote do not fit its planes')
    return ome


def _series_file(file: tifffile.TiffFile, number: int, ome: OmeXml) -> ImageFile:
    series = file.series[number]
    if series.is_multifile or None in series.pages:
        raise ImageError(
            'some of its planes are missing, or in another file; export it as one file'
        )
    letters, shape = squeeze_axes(series.axes, series.shape)
    if ome.axis:
        letters = letters.replace('I', ome.axis)
    axes = order_axes(letters, shape)
    first, last = axes.order[0], axes.order[-1]
    convert = make_converter(series.keyframe)
    pixels = TiffPixels(file, number, shape, len(re.split('[YX]', letters)[0]))

    def read(places: Mapping[int, int]) -> np.ndarray:
        with _strict_tifffile():
            image = convert(pixels.read(places))
        kept = [axis for axis in axes.order if axis not in places]
        return image.transpose(np.argsort(np.argsort(kept)))  # their ranks

    def get(index: int | None) -> np.ndarray:
        return read({} if index is None else {first: index})

    def get_channel(index: int | None, channel: int) -> np.ndarray:
        return read({last: channel} | ({} if index is None else {first: index}))

    names = ome.channel_names
    return ImageFile(
        shape=tuple(shape[axis] for axis in axes.order),
        get=get,
        get_channel=get_channel if letters[last] == 'C' else None,
        channel_names=names if len(names) == axes.channels else (),
        pixel_size=ome.pixel_size,
        count=axes.count,
        stack=axes.stack,
        other_file=ome.other_file,
        fault=ome.fault,
    )


@contextlib.contextmanager
def _strict_tifffile() -> Iterator[None]:
    """Raises what tifffile only logs as an error, for instance a cut stack.

    One thread at a time: all of them share the logger. Decoding has threads of its own.
    """
    logger = logging.getLogger('tifffile')
    messages: list[str] = []

    def stop(record: logging.LogRecord) -> None:
        # At once: in a damaged file tifffile may go from page to page for ever.
        messages.append(record.getMessage())
        raise ImageError(f'damaged or truncated: {messages[0]}')

    handler = logging.Handler(logging.ERROR)
    handler.emit = stop
    with _LOCK:
        propagate, logger.propagate = logger.propagate, False
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.propagate = propagate
    if messages:
        raise ImageError(f'damaged or truncated: {messages[0]}')
