"""A figure shows the patches that units answer most, a row for each unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deeploc_jax.report import style
from deeploc_jax.report.crop_sheets import composite

ACROSS = 5  # layers beside each other
TILE, GAP = 60, 6  # pixels of a patch on the sheet, at least, and between two


def patch_sheets(
    patches: Sequence[dict[str, Any]],
    sizes: Mapping[str, int],
    images: Any,
    marker: int,
) -> Figure:
    """A sheet for each layer, with a row of patches for each unit."""
    layers = [name for name in sizes if any(p['layer'] == name for p in patches)]
    across = min(ACROSS, len(layers))
    down = -(-len(layers) // across)
    most = max(len({p['unit'] for p in patches if p['layer'] == x}) for x in layers)
    figure = style.new_figure(style.WIDTH, down * (0.3 + 0.46 * most))
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, layer in zip(panels, layers, strict=False):
        mine = [patch for patch in patches if patch['layer'] == layer]
        _sheet(axes, mine, sizes[layer], images, marker)
        axes.set_title(f'{layer}: {sizes[layer]} px', fontsize=8.5)
    return figure


def _sheet(
    axes: Axes,
    patches: Sequence[dict[str, Any]],
    size: int,
    images: Any,
    marker: int,
) -> None:
    units = list(dict.fromkeys(patch['unit'] for patch in patches))
    scale = -(-TILE // size)
    pitch = size * scale + GAP
    most = max(patch['rank'] for patch in patches)
    sheet = np.full((len(units) * pitch, most * pitch, 3), 255, np.uint8)
    for patch in patches:
        tile = _tile(patch, size, images, marker).repeat(scale, 0).repeat(scale, 1)
        top, left = units.index(patch['unit']) * pitch, (patch['rank'] - 1) * pitch
        sheet[top : top + pitch - GAP, left : left + pitch - GAP] = tile
    axes.imshow(sheet, interpolation='nearest')
    for row, unit in enumerate(units):
        axes.text(-GAP, (row + 0.5) * pitch, unit, ha='right', va='center', fontsize=7)


def _tile(patch: dict[str, Any], size: int, images: Any, marker: int) -> np.ndarray:
    """A patch in colors, gray where its field lies outside the crop."""
    down, across = patch['part']
    seen = images[patch['cell'], down, across]
    pixels = composite(np.round(seen * 255).clip(0, 255).astype(np.uint8), marker)
    height, width = pixels.shape[:2]
    tile = np.full((size, size, 3), 200, np.uint8)
    # A field that is cut off was cut at the top or left if it starts there.
    top = 0 if down.start else size - height
    left = 0 if across.start else size - width
    tile[top : top + height, left : left + width] = pixels
    return tile
