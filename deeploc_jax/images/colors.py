"""What pixel values mean beside intensities: palettes, transparency, colour models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tifffile
from tifffile import COMPRESSION, PHOTOMETRIC

from deeploc_jax.images.image_file import ImageError

_COLORS: dict[int, str] = {
    PHOTOMETRIC.MASK: 'a mask',
    PHOTOMETRIC.SEPARATED: 'colours of print (CMYK)',
    PHOTOMETRIC.YCBCR: 'brightness and colour differences (YCbCr)',
    PHOTOMETRIC.CIELAB: 'CIELab colours',
    PHOTOMETRIC.ICCLAB: 'CIELab colours',
    PHOTOMETRIC.ITULAB: 'CIELab colours',
    PHOTOMETRIC.CFA: 'the raw mosaic of a colour camera',
}
_ALPHA = (1, 2)  # extra samples that a TIFF calls transparency


def make_converter(page: tifffile.TiffPage) -> Callable[[np.ndarray], np.ndarray]:
    """A function from the values of a TIFF to intensities, as its tags say.

    Args:
        page: The first page; the others are of the same kind.

    Raises:
        ImageError: They are no intensities; the message says how to save them.
    """
    kind = page.photometric if 262 in page.tags else PHOTOMETRIC.MINISBLACK
    if kind == PHOTOMETRIC.MINISWHITE:
        return _inverter(page)
    if kind == PHOTOMETRIC.PALETTE:
        _check_palette(page)
    elif kind not in (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.RGB) and not (
        kind == PHOTOMETRIC.YCBCR and page.compression == COMPRESSION.JPEG
    ):
        name = _COLORS.get(kind, f'of the colour model {int(kind)}')
        raise ImageError(f'its pixels are {name}; save it as grey values or RGB')
    if len(page.extrasamples) == 1 and page.extrasamples[0] in _ALPHA:
        axis = page.axes.index('S') - len(page.axes)
        return lambda image: drop_alpha(image, axis)
    return lambda image: image


def drop_alpha(image: np.ndarray, axis: int) -> np.ndarray:
    """The channels without the last, which is transparency.

    Raises:
        ImageError: Something is transparent.
    """
    alpha = image.take(-1, axis)
    opaque = 1 if image.dtype.kind == 'f' else np.iinfo(image.dtype).max
    if np.any(alpha != opaque):
        raise ImageError(
            'its last channel is transparency (alpha), which is no channel, and not '
            'everywhere opaque; save it without, or a real channel as a file of its own'
        )
    return np.delete(image, -1, axis)


def find_intensity(palette: np.ndarray) -> int:
    """Index of the colour of a palette that rises with the pixel value.

    Programs save an 8-bit grey image with a palette that only says in which colour to
    show it. Then the pixel values are intensities.

    Args:
        palette: 8-bit red, green and blue of each pixel value, [3, n].

    Raises:
        ImageError: The pixel values are numbers of any colours.
    """
    ramp = (palette == np.arange(palette.shape[1])).all(axis=1)
    if not ramp.any() or (palette[~ramp] != 0).any():
        raise ImageError(
            'its pixels are numbers of colours in a palette; save grey values (in '
            'ImageJ: Image > Lookup Tables > Grays, or Image > Type > 8-bit)'
        )
    return int(ramp.argmax())


def _check_palette(page: tifffile.TiffPage) -> None:
    known = page.colormap is not None and page.bitspersample == 8
    find_intensity(np.asarray(page.colormap) >> 8 if known else np.zeros((3, 256)))


def _inverter(page: tifffile.TiffPage) -> Callable[[np.ndarray], np.ndarray]:
    if page.dtype is None or page.dtype.kind != 'u':
        raise ImageError(
            f'is inverted (0 is white) with pixels of type {page.dtype}; invert it '
            'and save it so that 0 is black'
        )
    top = page.dtype.type(2**page.bitspersample - 1)
    return lambda image: top - image
