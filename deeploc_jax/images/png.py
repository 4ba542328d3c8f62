"""Reads PNG, with exactly the pixel values that were saved."""

from __future__ import annotations

import contextlib
import dataclasses
import struct
from pathlib import Path

import imagecodecs
import numpy as np

from deeploc_jax.images.colors import drop_alpha, find_intensity
from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.image_shape import check_size
from deeploc_jax.images.numpy_files import array_file

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_HEADER = struct.Struct('>IIBB')  # width, height, bits and color type
_PALETTE = 3
_SAMPLES = {0: 1, 2: 3, _PALETTE: 1, 4: 2, 6: 4}  # by color type
_DEFLATE = 1032  # the most that this compression can shrink anything


def open_png(path: Path, _: contextlib.ExitStack) -> ImageFile:
    """Reads a PNG: [h, w], or [h, w, 3] in the order red, green, blue.

    Raises:
        ImageError: It is damaged, animated or transparent, or its pixels are indices
            into a palette of colors.
    """
    data = path.read_bytes()
    if not data.startswith(_SIGNATURE):
        raise ValueError('not a PNG file')
    chunks = _find_chunks(data)
    width, height, bits, colors = _HEADER.unpack_from(chunks.get(b'IHDR', bytes(10)))
    check_size((height, width, _SAMPLES.get(colors, 1)))
    if b'IEND' not in chunks:  # the decoder forgives a missing end
        raise ImageError('truncated: the end of the PNG is missing')
    if height * width * bits * _SAMPLES.get(colors, 1) > 8 * _DEFLATE * len(data):
        raise ImageError(f'truncated: too short for {height}x{width} pixels')
    if b'acTL' in chunks:
        raise ImageError('is animated; save each of its images as its own file')
    image = imagecodecs.png_decode(data)
    if image.ndim == 3 and image.shape[-1] in (2, 4):
        image = drop_alpha(image, axis=-1)
    if colors == _PALETTE:
        palette = np.frombuffer(chunks.get(b'PLTE', b''), np.uint8).reshape(-1, 3)
        image = image[..., find_intensity(palette.T)]
    elif bits < 8:  # the decoder scales them to 255
        image = image // (255 // (2**bits - 1))
    return dataclasses.replace(array_file(image), count=1)


def _find_chunks(data: bytes) -> dict[bytes, bytes]:
    """Body of the first chunk of each kind; a PNG is a sequence of chunks."""
    chunks: dict[bytes, bytes] = {}
    place = len(_SIGNATURE)
    while place + 12 <= len(data):
        (size,) = struct.unpack_from('>I', data, place)
        body = data[place + 8 : place + 8 + size]
        chunks.setdefault(data[place + 4 : place + 8], body)
        place += 12 + size
    return chunks
