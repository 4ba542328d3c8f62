"""Sheets show crops of cells: examples of every class, or chosen cells with calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deeploc_jax.report import style

SCALE = 2
"""Pixels of the sheet, a side, for one pixel of a crop, which stays a sharp square."""
GAP = 6  # pixels of the sheet between crops
TILES_ACROSS = 12  # crops in a row of examples, over all views
MISTAKES_ACROSS = 8  # crops in a row of a called sheet


def composite(images: np.ndarray, marker: int) -> np.ndarray:
    """Protein in green and marker in magenta; both together are white.

    Args:
        images: uint8 [..., h, w, c], protein in channel 0.
        marker: Index of the marker channel; -1 shows the protein alone in gray.

    Returns:
        uint8 [..., h, w, 3].
    """
    protein = images[..., 0]
    other = protein if marker < 0 else images[..., marker]
    return np.stack([other, protein, other], axis=-1)


def views(
    images: np.ndarray, channels: Sequence[str], marker: int
) -> list[tuple[str, np.ndarray]]:
    """Views of crops: the composite first, then single channels in gray.

    Args:
        images: uint8 [m, h, w, c].
        channels: Names of the c channels in image order, protein first.
        marker: Index of the marker channel, -1 for none.

    Returns:
        Pairs of title and pixels, uint8 [m, h, w, 3].
    """
    shown = []
    if marker >= 0:
        title = f'{channels[0]} (green) and {channels[marker]} (magenta)'
        shown.append((title, composite(images, marker)))
    for index, name in enumerate(channels):
        if index != marker:
            gray = np.repeat(images[..., index, None], 3, axis=-1)
            shown.append((f'{name} alone' if shown else name, gray))
    return shown


def example_sheet(
    images: np.ndarray,
    groups: np.ndarray,
    row_names: Sequence[str],
    channels: Sequence[str],
    marker: int,
) -> Figure:
    """Draws one row per class: the same cells in every view, side by side.

    Args:
        images: uint8 [m, h, w, c].
        groups: int [m], the row a cell is shown in; -1 leaves it out.
        row_names: Names of the rows, in index order.
        channels: Names of the c channels, protein first.
        marker: Index of the marker channel, -1 for none.
    """
    shown = views(images, channels, marker)
    rows = [np.flatnonzero(groups == group) for group in range(len(row_names))]
    most = max(1, max((len(row) for row in rows), default=0))
    across = min(most, max(2, TILES_ACROSS // len(shown)))
    blocks = [_mosaic(view, rows, across) for _, view in shown]
    margin = np.full((len(blocks[0]), 4 * GAP, 3), 255, np.uint8)
    parts = [part for block in blocks for part in (margin, block)][1:]
    figure, axes = _sheet(np.concatenate(parts, axis=1))
    pitch, left = images.shape[1] * SCALE + GAP, 0
    for row, name in enumerate(row_names):
        middle = (row + 0.5) * pitch - GAP / 2
        axes.text(-8, middle, style.shorten(name, 24), ha='right', va='center')
        if not len(rows[row]):
            axes.text(4, middle, 'none', va='center', color=style.FAINT)
    for (title, _), block in zip(shown, blocks, strict=True):
        axes.text(left, -10, title, ha='left', va='bottom', fontsize=8.5)
        left += block.shape[1] + margin.shape[1]
    return figure


def called_sheet(
    images: np.ndarray,
    true_names: Sequence[str],
    predicted_names: Sequence[str],
    numbers: np.ndarray,
    marker: int,
) -> Figure:
    """Draws crops in the given order, each above true class, called class and a number.

    Args:
        images: uint8 [m, h, w, c] with m >= 1.
        true_names: The m names of the true classes.
        predicted_names: The m names of the called classes.
        numbers: float [m], such as the probability of the called class.
        marker: Index of the marker channel, -1 for none.
    """
    rows = -(-len(images) // MISTAKES_ACROSS)
    height = style.WIDTH / MISTAKES_ACROSS + 0.42
    figure = Figure(figsize=(style.WIDTH, rows * height), dpi=style.DPI)
    panels = figure.subplots(
        rows,
        MISTAKES_ACROSS,
        squeeze=False,
        gridspec_kw={
            'left': 0.002,
            'right': 0.998,
            'top': 1 - 0.02 / rows,
            'bottom': 0.42 / (rows * height),
            'hspace': 0.42,
            'wspace': 0.06,
        },
    )
    crops = composite(images, marker)
    for index, axes in enumerate(panels.flat):
        axes.set_axis_off()
        if index < len(crops):
            axes.imshow(crops[index], interpolation='nearest')
            below = {'transform': axes.transAxes, 'fontsize': 6.8, 'va': 'top'}
            axes.text(0, -0.03, _fit(true_names[index]), **below)
            called = _fit('→ ' + predicted_names[index])
            axes.text(0, -0.14, called, color=style.VALIDATION, **below)
            axes.text(0, -0.25, f'{numbers[index]:.3f}', **below)
    return figure


def _fit(words: str) -> str:
    """Shortens a line to the width of a crop; capitals are wide."""
    return style.shorten(words, 18 if words.isupper() else 20)


def _mosaic(view: np.ndarray, rows: list[np.ndarray], across: int) -> np.ndarray:
    """Lays out crops [m, h, w, 3] in rows of at most `across` tiles, white between."""
    height, width = (side * SCALE + GAP for side in view.shape[1:3])
    sheet = np.full((len(rows) * height - GAP, across * width - GAP, 3), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row[:across]):
            tile = view[cell].repeat(SCALE, axis=0).repeat(SCALE, axis=1)
            top, left = y * height, x * width
            sheet[top : top + len(tile), left : left + tile.shape[1]] = tile
    return sheet


def _sheet(pixels: np.ndarray) -> tuple[Figure, Axes]:
    """A figure whose axes show `pixels` one to one, with room for names."""
    dpi, left, top = 200, 350, 40
    height, width = pixels.shape[0] + top, pixels.shape[1] + left
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi)
    axes = figure.add_axes(
        (left / width, 0, pixels.shape[1] / width, pixels.shape[0] / height)
    )
    axes.imshow(pixels, interpolation='nearest', aspect='auto')
    axes.set_axis_off()
    return figure, axes
