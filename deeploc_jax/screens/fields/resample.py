"""Fields, label images and centers of cells are brought to another pixel size.

The gray value of a new pixel is the mean of the light over its area, as a camera with
pixels of that size records it at the same exposure per area: gray values stay
comparable, a camera's offset stays what it was, and the sum of all pixels times the
area of one does not change.

Between the pixels, the light is that smooth function whose integral over every old
pixel is the pixel's value: the derivative of a cubic spline through the running sum of
the pixels (a histospline: Boneva, Kendall & Stefanov 1971, J. R. Stat. Soc. B 33:1). It
may overshoot by a few per cent beside edges that are sharper than a microscope's.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
from scipy import sparse
from scipy.interpolate import CubicSpline

from deeploc_jax.screens.fields.field import BadFieldError, FieldImage

SAME = 0.01
"""Relative difference of two pixel sizes up to which they count as equal."""
NEGLIGIBLE = 1e-6
"""Weight of an old pixel in a new one below which it is left out."""


def resample(image: FieldImage, pixel_size: float) -> FieldImage:
    """A field as a camera of another pixel size would record it.

    Pixel (0, 0) keeps its outer corner; at the far sides, less than one new pixel that
    the field does not fill is left out.

    Args:
        image: The field; its pixel size must be known.
        pixel_size: Side of a new pixel, micrometers.

    Returns:
        The field with float32 pixels, or `image` itself where the sizes agree within
        1 % (`SAME`).

    Raises:
        BadFieldError: The pixel size of the field is not known, or no pixel of the new
            size fits into it.
    """
    if image.pixel_size is None:
        raise BadFieldError(
            'its pixel size is not known, so that it cannot be brought to '
            f'{pixel_size} micrometers: state the pixel size of the screen.'
        )
    ratio = _ratio(image.pixel_size, pixel_size)
    if ratio == 1:
        return image
    shape = image.pixels.shape[:2]
    if not all(_count(size, ratio) for size in shape):
        raise BadFieldError(f'it is smaller than a pixel of {pixel_size} micrometers.')
    rows, columns = (_weights(size, ratio) for size in shape)
    planes = np.moveaxis(np.asarray(image.pixels, np.float32), -1, 0)
    pixels = np.stack([(columns @ (rows @ plane).T).T for plane in planes], axis=-1)
    return dataclasses.replace(image, pixels=pixels, pixel_size=pixel_size)


def resample_labels(
    labels: np.ndarray, pixel_size: float, new_pixel_size: float
) -> np.ndarray:
    """A label image at another pixel size, of the shape that `resample` gives a field.

    Args:
        labels: Number of the cell in each pixel, int [h, w].
        pixel_size: Side of its pixels, micrometers.
        new_pixel_size: Side of a new pixel, micrometers.

    Returns:
        int [h', w']: at each new pixel the number at its center. A cell without the
        center of a new pixel is no longer there.
    """
    ratio = _ratio(pixel_size, new_pixel_size)
    rows, columns = (
        ((np.arange(_count(size, ratio)) + 0.5) * ratio).astype(np.intp)
        for size in labels.shape
    )
    return labels[rows[:, None], columns]


def resample_points(
    points: np.ndarray, pixel_size: float, new_pixel_size: float
) -> np.ndarray:
    """The same places in pixels of another size.

    Args:
        points: Coordinates in pixels, any shape; the center of the first pixel is 0.
        pixel_size: Side of those pixels, micrometers.
        new_pixel_size: Side of a new pixel, micrometers.
    """
    return (np.asarray(points) + 0.5) / _ratio(pixel_size, new_pixel_size) - 0.5


def _ratio(pixel_size: float, new_pixel_size: float) -> float:
    """Old pixels a new pixel is wide; 1 where the sizes count as equal.

    Raises:
        ValueError: A size is not a positive number.
    """
    for size in (pixel_size, new_pixel_size):
        if not (math.isfinite(size) and size > 0):
            raise ValueError(f'a pixel size must be above 0 micrometers, not {size}.')
    ratio = new_pixel_size / pixel_size
    return 1.0 if abs(ratio - 1) <= SAME else ratio


def _count(size: int, ratio: float) -> int:
    """Number of new pixels that fit into `size` old ones."""
    return int(size / ratio + 1e-6)


@functools.lru_cache(maxsize=8)
def _weights(size: int, ratio: float) -> sparse.csr_array:
    """Weight of each old pixel in each new one along an axis, float32 [new, old].

    The weights fall by a factor of 3.7 a pixel; those that no camera shows are 0.
    """
    edges = np.minimum(np.arange(_count(size, ratio) + 1) * ratio, size)
    sums = np.concatenate([np.zeros((1, size)), np.tri(size)])
    spline = CubicSpline(np.arange(size + 1), sums, bc_type='natural')
    weights = np.diff(spline(edges), axis=0) / ratio
    weights[np.abs(weights) < NEGLIGIBLE] = 0
    return sparse.csr_array(weights / weights.sum(1, keepdims=True), dtype=np.float32)
