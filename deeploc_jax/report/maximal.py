"""A section shows images that were made for classes and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from deeploc_jax.report import html, style
from deeploc_jax.report.crop_sheets import composite
from deeploc_jax.report.section import Section

ACROSS = 2  # columns of classes
UNITS_ACROSS = 8
WHO = {
    'own': 'the network itself',
    'judge': 'another network',
    'before': 'another network, of the noise before',
    'real': 'another network, of real cells',
}
NOTES = {
    'for classes': 'Starts from faint noise in the cell and goes uphill on the logit: '
    'with decay, blur, and clipping of what contributes least, the marker that of a '
    'real cell, no change outside it. As in the code of DeepLoc.',
    'for units': 'Starts from noise everywhere and goes uphill on the mean answer of a '
    'unit of the last convolution, with nothing that keeps it like a cell.',
    'called right': 'Share of the images that are called the class they were made for. '
    'That the network itself does so means little: it was climbed. Another network, '
    'trained with another seed, has no part in it.',
}


def maximal_section(
    rows: Sequence[dict[str, Any]],
    images: np.ndarray,
    units: Mapping[int, np.ndarray],
    shares: Mapping[str, float | None],
    names: tuple[str, str],
    marker: int,
) -> Section:
    """Draws the images, and says what networks call them.

    Args:
        rows: Rows of `tables.MAXIMAL`, the images of each class one after the other.
        images: Images for classes, float32 [m, s, s, c], as in the rows.
        units: Images for units by their numbers, float32 [s, s, c].
        shares: Share called right, by who was asked, a key of `WHO`.
        names: Names of the layer of the units, and of the second network; '': none.
        marker: Index of the marker among the channels, -1 for none.
    """
    layer, judge = names
    with style.house_style():
        pictures = {
            'maximal_classes': html.picture(
                _classes(rows, images, marker),
                'Images made for each class. Below: what '
                f'{"another network" if judge else "the network"} calls it instead.',
            ),
            'maximal_units': html.picture(
                _units(units, marker),
                f'Images made for units of {layer}, those that tell most of the class.',
            ),
        }
    header, *lines = as_text(rows, shares)
    lead = (
        'What would a cell look like that a class answers most? For each of '
        f'{len(lines)} classes an image was made in each of '
        f'{len(rows) // len(lines)} real cells.'
    )
    if judge:
        lead += f' {judge} was asked what it calls them.'
    lead += ' ' + _sentence(shares)
    return Section('Images made for classes', lead, pictures, header, lines, NOTES)


def as_text(
    rows: Sequence[dict[str, Any]], shares: Mapping[str, float | None]
) -> list[list[str]]:
    """A line for each class, with the share called right, the header first."""
    asked = [who for who in ('own', 'judge', 'before') if shares.get(who) is not None]
    lines = [['class', 'images', *(f'called right by {WHO[who]}' for who in asked)]]
    for name in dict.fromkeys(row['label_name'] for row in rows):
        mine = [row for row in rows if row['label_name'] == name]
        right = [sum(row[f'{who}_named'] == name for row in mine) for who in asked]
        lines.append([name, str(len(mine)), *map(str, right)])
    return lines


def _sentence(shares: Mapping[str, float | None]) -> str:
    said = [
        f'{100 * share:.0f} % by {WHO[who]}'
        for who, share in shares.items()
        if share is not None
    ]
    return f'Called right: {", ".join(said)}.'


def _pixels(image: np.ndarray, marker: int) -> np.ndarray:
    """In colors, the protein as bright as it goes: images are fainter than cells."""
    image = image.copy()
    image[..., 0] /= image[..., 0].max() or 1
    return composite(np.round(image * 255).clip(0, 255).astype(np.uint8), marker)


def _classes(rows: Sequence[dict[str, Any]], images: np.ndarray, marker: int) -> Figure:
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


def _units(units: Mapping[int, np.ndarray], marker: int) -> Figure:
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
