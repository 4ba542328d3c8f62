"""Pixel values that are not intensities: palettes, transparency, color models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tifffile
from tifffile import COMPRESSION, PHOTOMETRIC

from deeploc_jax.images.errors import ImageError

_COLORS: dict[int, str] = {
    PHOTOMETRIC.MASK: 'a mask',
    PHOTOMETRIC.SEPARATED: 'colors of print (CMYK)',
    PHOTOMETRIC.YCBCR: 'brightness and color differences (YCbCr)',
    PHOTOMETRIC.CIELAB: 'CIELab colors',
    PHOTOMETRIC.ICCLAB: 'CIELab colors',
    PHOTOMETRIC.ITULAB: 'CIELab colors',
    PHOTOMETRIC.CFA: 'the raw mosaic of a color camera',
}
_ALPHA = (1, 2)  # extra samples that a TIFF calls transparency


def make_converter(page: tifffile.TiffPage) -> Callable[[np.ndarray], np.ndarray]:
    """Makes the function that turns the values of a TIFF into intensities.

    Args:
        page: First page; the others are of the same kind.

    Raises:
        ImageError: The values are not intensities; the message says how to save them.
    """
    kind = page.photometric if 262 in page.tags else PHOTOMETRIC.MINISBLACK
    if kind == PHOTOMETRIC.MINISWHITE:
        return _inverter(page)
    if kind == PHOTOMETRIC.PALETTE:
        _check_palette(page)
    elif kind not in (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.RGB) and not (
        kind == PHOTOMETRIC.YCBCR and page.compression == COMPRESSION.JPEG
    ):
        name = _COLORS.get(kind, f'of the color model {int(kind)}')
        raise ImageError(f'its pixels are {name}; save it as gray values or RGB')
    if len(page.extrasamples) == 1 and page.extrasamples[0] in _ALPHA:
        axis = page.axes.index('S') - len(page.axes)
        return lambda image: drop_alpha(image, axis)
    return lambda image: image


def drop_alpha(image: np.ndarray, axis: int) -> np.ndarray:
    """Removes the last channel, which is transparency.

    Args:
        image: Image of any shape.
        axis: Axis of the channels.

    Raises:
        ImageError: A pixel is transparent.
    """
    alpha = image.take(-1, axis)
    opaque = 1 if image.dtype.kind == 'f' else np.iinfo(image.dtype).max
    if np.any(alpha != opaque):
        raise ImageError(
            'its last channel is transparency (alpha), and some pixels are '
            'transparent; save it without alpha, or a real channel as a separate file'
        )
    return np.delete(image, -1, axis)


def find_intensity(palette: np.ndarray) -> int:
    """Index of the color of a palette that rises with the pixel value.

    Some programs save an 8-bit gray image with a palette that only gives the color to
    show it in. Then the pixel values are intensities.

    Args:
        palette: 8-bit red, green and blue of each pixel value, [3, n].

    Raises:
        ImageError: The palette holds arbitrary colors.
    """
    ramp = (palette == np.arange(palette.shape[1])).all(axis=1)
    if not ramp.any() or (palette[~ramp] != 0).any():
        raise ImageError(
            'its pixels are indices into a palette of colors; save gray values (in '
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
