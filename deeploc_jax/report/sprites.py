"""A sprite sheet holds thumbnails of many cells in one picture."""

from __future__ import annotations

import base64
import io
import math

import numpy as np
from PIL import Image

from deeploc_jax.report.crop_sheets import composite

SIDE, SMALL = 40, 24  # pixels of a thumbnail; smaller ones for many cells
MANY = 4_000  # cells
QUALITY = 82


def sprite_sheet(images: np.ndarray, marker: int) -> tuple[str, int, int]:
    """Thumbnails of cells as a JPEG in a data URL, which a page holds.

    Args:
        images: float32 [n, s, s, c] in [0, 1], protein first.
        marker: Index of the marker, -1 for none.

    Returns:
        The URL, the side of a thumbnail in pixels, and thumbnails in a row.
    """
    n = len(images)
    side, across = SIDE if n <= MANY else SMALL, math.ceil(math.sqrt(n))
    sheet = Image.new('RGB', (side * across, side * -(-n // across)))
    for number, image in enumerate(images):
        pixels = np.round(image * 255).clip(0, 255).astype(np.uint8)
        tile = Image.fromarray(composite(pixels, marker)).resize((side, side))
        sheet.paste(tile, (number % across * side, number // across * side))
    buffer = io.BytesIO()
    # Without subsampling: green and magenta would run into each other.
    sheet.save(buffer, 'JPEG', quality=QUALITY, subsampling=0)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'data:image/jpeg;base64,{data}', side, across
