"""Micrographs and masks as OME-TIFF, the open format of microscopy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

from deeploc_jax.files import atomic_write


def write_micrograph(
    path: Path | str, image: np.ndarray, channels: Sequence[str], pixel_size: float
) -> Path:
    """Writes an image, compressed without loss, whole or not at all.

    Args:
        path: Ends in .ome.tif.
        image: [h, w, c] of an unsigned integer type.
        channels: Names of the c channels.
        pixel_size: Micrometres.
    """
    metadata = {
        'axes': 'CYX',
        'Channel': {'Name': list(channels)},
        'PhysicalSizeX': pixel_size,
        'PhysicalSizeXUnit': 'µm',
        'PhysicalSizeY': pixel_size,
        'PhysicalSizeYUnit': 'µm',
    }
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
