"""A section shows images that were made for classes and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeploc_jax.report import html, style
from deeploc_jax.report.made_images import made_for_classes, made_for_units
from deeploc_jax.report.section import Section

WHO = {
    'own': 'the network itself',
    'judge': 'another network',
    'before': 'another network, of the noise before',
    'real': 'another network, of real cells',
}
INSIDE = {
    'inside': 'light in the organelle',
    'inside_simulated': 'of a simulated protein',
    'inside_chance': 'by chance',
}
NOTES = {
    'for classes': 'Starts from faint noise in the cell and goes uphill on the logit: '
    'with decay, blur, and clipping of what contributes least, the marker that of a '
    'real cell, no change outside it. As in the code of DeepLoc.',
    'for units': 'Starts from noise everywhere, that of twelve which the unit answers '
    'most, and goes uphill on the mean answer of a unit of the last convolution, with '
    'nothing that keeps it like a cell. Units that answer no noise are left out.',
    'called right': 'Share of the images that are called the class they were made for. '
    'That the network itself does so means little: it was climbed. Another network, '
    'trained with another seed, has no part in it.',
    'light in the organelle': 'Share of the light that was added to a simulated cell '
    'that lies in the organelle of the class, as the simulator draws it in this very '
    'cell: where the light is brighter than half of its brightest. Beside it, the same '
    'for a simulated protein of the class, and the share of the area. Organelles that '
    'have no one place in a cell, such as spots, are drawn eight times.',
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
                made_for_classes(rows, images, marker),
                'Images made for each class. Below: what '
                f'{"another network" if judge else "the network"} calls it instead.',
            ),
            'maximal_units': html.picture(
                made_for_units(units, marker),
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
    lead += ' ' + _sentence(rows, shares)
    return Section('Images made for classes', lead, pictures, header, lines, NOTES)


def as_text(
    rows: Sequence[dict[str, Any]], shares: Mapping[str, float | None]
) -> list[list[str]]:
    """A line for each class, with the share called right, the header first."""
    asked = [who for who in ('own', 'judge', 'before') if shares.get(who) is not None]
    inside = [name for name in INSIDE if mean_of(rows, name) is not None]
    names = [f'called right by {WHO[who]}' for who in asked]
    lines = [['class', 'images', *names, *(INSIDE[column] for column in inside)]]
    for name in dict.fromkeys(row['label_name'] for row in rows):
        mine = [row for row in rows if row['label_name'] == name]
        right = [sum(row[f'{who}_named'] == name for row in mine) for who in asked]
        light = [mean_of(mine, column) for column in inside]
        lines.append([name, str(len(mine)), *map(str, right), *map(_share, light)])
    return lines


def mean_of(rows: Sequence[dict[str, Any]], column: str) -> float | None:
    """Mean of a column over the rows that have it; None where none has."""
    known = [row[column] for row in rows if row.get(column) is not None]
    return float(np.mean(known)) if known else None


def _share(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'


def _sentence(
    rows: Sequence[dict[str, Any]], shares: Mapping[str, float | None]
) -> str:
    said = [
        f'{100 * share:.0f} % by {WHO[who]}'
        for who, share in shares.items()
        if share is not None
    ]
    text = f'Called right: {", ".join(said)}.'
    inside, protein, chance = (mean_of(rows, name) for name in INSIDE)
    if inside is None or protein is None or chance is None:
        return text
    return (
        f'{text} In the organelle of the class lie {100 * inside:.0f} % of the light '
        f'(of a simulated protein {100 * protein:.0f} %, by chance {100 * chance:.0f} '
        '%).'
    )
