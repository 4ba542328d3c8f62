"""A field is measured as it was saved: sharpness, brightness and saturation."""

from __future__ import annotations

import numpy as np

from deeploc_jax.screens.fields.field import FieldImage
from deeploc_jax.screens.quality.focus import sharpness

CAMERA_BITS = (8, 10, 11, 12, 14, 16)
"""Bits a pixel that cameras have: a largest value of theirs counts as white."""
EVERY = 2
"""Rows and columns of which one is enough for a median of the brightness."""


def field_quality(
    image: FieldImage, labels: np.ndarray, white_level: float | None = None
) -> dict[str, float | None]:
    """Measures each channel of a field.

    Args:
        image: The field as it was saved, before any correction.
        labels: Number of the cell in each pixel, 0 for none, [h, w].
        white_level: Gray value at which a pixel saturates. None: the largest value of
            the channel if it is that of a camera of 8, 10, 11, 12, 14 or 16 bits.

    Returns:
        Columns of `fields.parquet`: `focus_<CHANNEL>` (`focus.sharpness`),
        `brightness_<CHANNEL>`, the median gray value in cells less that between them,
        and `saturated_<CHANNEL>`, the share of pixels that are white. What needs cells
        is None where there are none.
    """
    inside = labels > 0
    found: dict[str, float | None] = {}
    for index, channel in enumerate(image.channels):
        plane = image.pixels[..., index]
        found[f'focus_{channel}'] = sharpness(plane, inside)
        found[f'brightness_{channel}'] = _brightness(plane, inside)
        found[f'saturated_{channel}'] = _saturated(plane, white_level)
    return found


def _brightness(plane: np.ndarray, inside: np.ndarray) -> float | None:
    plane, inside = plane[::EVERY, ::EVERY], inside[::EVERY, ::EVERY]
    if not inside.any() or inside.all():
        return None
    return float(np.median(plane[inside])) - float(np.median(plane[~inside]))


def _saturated(plane: np.ndarray, white_level: float | None) -> float:
    if white_level is None:
        top = float(plane.max(initial=0))
        if top not in [2.0**bits - 1 for bits in CAMERA_BITS]:
            return 0.0
        white_level = top
    return float(np.mean(plane >= white_level))
