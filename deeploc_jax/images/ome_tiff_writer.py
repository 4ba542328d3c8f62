"""Writes micrographs and masks as OME-TIFF, the open format of microscopy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from deeploc_jax.files import atomic_write

_TYPES = 'bool uint8 int8 uint16 int16 uint32 int32 float32 float64'.split()


def write_ome_tiff(
    path: Path | str,
    image: np.ndarray,
    channel_names: Sequence[str] = (),
    pixel_size: tuple[float, float] | None = None,
) -> Path:
    """Writes an image, compressed without loss, whole or not at all.

    `open_image` reads the same pixels, channel names and pixel size back.

    Args:
        path: Path of the file, ending in .ome.tif or .ome.tiff.
        image: Image [h, w, c] of bool, integers of up to 32 bits, float32 or float64.
        channel_names: Names of the c channels; () leaves them unnamed.
        pixel_size: Height and width of a pixel in micrometers; None leaves them out.

    Raises:
        ValueError: The image has no channel axis, another number of channels than
            there are names, or pixels of another type.
    """
    if image.ndim != 3 or len(channel_names) not in (0, image.shape[-1]):
        raise ValueError(
            f'{path}: an image of shape {image.shape} does not fit the '
            f'{len(channel_names)} channel name(s) {", ".join(channel_names)}; it '
            'must be (height, width, channels).'
        )
    if image.dtype.name not in _TYPES:
        raise ValueError(
            f'{path}: pixels of type {image.dtype} cannot be written as OME-TIFF; '
            f'convert them to one of {", ".join(_TYPES)}.'
        )
    metadata: dict[str, Any] = {'axes': 'CYX'}
    if channel_names:
        metadata['Channel'] = {'Name': list(channel_names)}
    for axis, size in zip('YX', pixel_size or (), strict=False):
        metadata[f'PhysicalSize{axis}'] = float(size)
        metadata[f'PhysicalSize{axis}Unit'] = 'µm'
    planes = np.ascontiguousarray(np.moveaxis(image, -1, 0))
    return atomic_write(
        path,
        lambda temporary: tifffile.imwrite(
            temporary,
            planes,
            ome=True,
            metadata=metadata,
            compression='zlib',
            photometric='minisblack',
        ),
    )
