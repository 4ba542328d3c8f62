"""Images in TIFF and OME-TIFF, one at a time."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import tifffile

from deeploc_jax.data.own.image_file import ImageError, ImageFile


def open_tiff(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens a TIFF with one image or one stack of them; channels come last.

    Args:
        path: The file.
        resources: Closes it again.

    Raises:
        ImageError: It is damaged, or holds something else.
    """
    with _strict_tifffile():
        file = resources.enter_context(tifffile.TiffFile(path))
        if len(file.series) != 1:
            raise ImageError(
                f'holds {len(file.series)} series of images; save each as its own file'
            )
        return _series_file(file)


def _series_file(file: tifffile.TiffFile) -> ImageFile:
    series = file.series[0]
    axes, is_stack = _axis_order(series)

    def get(index: int | None) -> np.ndarray:
        with _strict_tifffile():
            if index is None:
                return np.transpose(series.asarray(), axes)
            image = _stack_item(file, index, axes[0])
            return np.transpose(image, np.argsort(np.argsort(axes[1:])))

    return ImageFile(
        shape=tuple(series.shape[axis] for axis in axes),
        get=get,
        channel_names=_ome_channel_names(file),
        single=not is_stack,
    )


def _axis_order(series: tifffile.TiffPageSeries) -> tuple[list[int], bool]:
    """The axes as ([stack,] Y, X [, channel]), and whether there is a stack."""
    stack = [axis for axis in series.axes if axis not in 'CSYX']
    order = [*stack, *'YX', *(axis for axis in series.axes if axis in 'CS')]
    if len(stack) > 1 or len(order) != len(series.axes) or None in series.pages:
        raise ImageError(
            f'axes {series.axes} of shape {series.shape} are not a stack of images, '
            'or some of its planes are in another file'
        )
    return [series.axes.index(axis) for axis in order], bool(stack)


def _stack_item(file: tifffile.TiffFile, index: int, axis: int) -> np.ndarray:
    """One image of a stack along `axis`, only its own pages being read."""
    series = file.series[0]
    if series.dataoffset is not None:  # uncompressed, in one piece
        pixels = file.filehandle.memmap_array(
            series.dtype.newbyteorder(file.byteorder),
            series.shape,
            series.dataoffset,
        )
        return np.array(np.take(pixels, index, axis))
    page_shape = series.keyframe.shape
    pages_shape = series.shape[: len(series.shape) - len(page_shape)]
    pages = np.arange(len(series.pages)).reshape(pages_shape).take(index, axis)
    image = file.asarray(key=[int(page) for page in pages.flat], series=0)
    return image.reshape([*pages.shape, *page_shape])


def _ome_channel_names(file: tifffile.TiffFile) -> tuple[str, ...]:
    """Names of the channels in the OME-XML, () unless every one has a name."""
    if not file.ome_metadata:
        return ()
    image = ElementTree.fromstring(file.ome_metadata).find('{*}Image')
    channels = [] if image is None else image.findall('.//{*}Channel')
    names = tuple(channel.get('Name', '') for channel in channels)
    return names if all(names) else ()


@contextlib.contextmanager
def _strict_tifffile() -> Iterator[None]:
    """What tifffile logs as an error, a cut stack for one, becomes an error."""
    logger = logging.getLogger('tifffile')
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.getMessage())
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
    if messages:
        raise ImageError(f'damaged or truncated: {messages[0]}')
