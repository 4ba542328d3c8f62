"""Figures of images that were made for classes and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from deeploc_jax.report import style
from deeploc_jax.report.crop_sheets import composite

ACROSS = 2  # columns of classes
UNITS_ACROSS = 8


def _pixels(image: np.ndarray, marker: int) -> np.ndarray:
    """In colors, the protein as bright as it goes: images are fainter than cells."""
    image = image.copy()
    image[..., 0] /= image[..., 0].max() or 1
    return composite(np.round(image * 255).clip(0, 255).astype(np.uint8), marker)


def made_for_classes(
    rows: Sequence[dict[str, Any]], images: np.ndarray, marker: int
) -> Figure:
    """The images of each class in a line, classes in two columns."""
    classes = list(dict.fromkeys(row['label_name'] for row in rows))
    each = len(rows) // len(classes)
    down = -(-len(classes) // ACROSS)
    figure = style.new_figure(style.WIDTH, 0.15 + 0.92 * down)
    panels = figure.subplots(down, ACROSS * each, squeeze=False)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    who = 'judge' if 'judge_named' in rows[0] else 'own'
    for number, (row, image) in enumerate(zip(rows, images, strict=True)):
        column, line = divmod(number // each, down)
        axes = panels[line, column * each + number % each]
        axes.imshow(_pixels(image, marker), interpolation='nearest')
        if number % each == 0:
            name = style.shorten(row['label_name'], 18)
            axes.set_ylabel(name, rotation=0, ha='right', va='center', fontsize=7)
        if row[f'{who}_named'] != row['label_name']:
            other = style.shorten(row[f'{who}_named'], 13)
            axes.set_xlabel(other, fontsize=6, color=style.VALIDATION, labelpad=1)
    return figure


def made_for_units(units: Mapping[int, np.ndarray], marker: int) -> Figure:
    """The image of each unit, with its number."""
    across = min(UNITS_ACROSS, len(units))
    down = -(-len(units) // across)
    figure = style.new_figure(1.1 * across, 1.3 * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, (unit, image) in zip(panels, units.items(), strict=False):
        axes.imshow(_pixels(image, marker), interpolation='nearest')
        axes.set_title(str(unit), fontsize=8)
    return figure
