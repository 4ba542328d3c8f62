"""A section shows what the units of a network see, and how much they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from deeploc_jax.report import html, style
from deeploc_jax.report.patches import patch_sheets
from deeploc_jax.report.section import Section

MEASUREMENTS = 'measurements'
RED = '#c0392b'
PANELS = {
    'information': 'information of the class, bits',
    'measurement_correlation': 'correlation with a measurement',
    'gabor_correlation': 'correlation with a Gabor filter',
}
NOTES = {
    'patch': 'What a unit sees in a cell that it answers most: exactly its receptive '
    'field, which follows from kernels, strides and pooling. Gray lies outside the '
    'crop. The cells come from the strongest answer on, from left to right.',
    'information': 'Mutual information of the class of a cell and the largest output '
    'of the unit in it, put into ten parts of equal size.',
    'correlation': "Pearson's correlation, of any sign, of the largest output in a "
    'cell with the hand-made measurement, or the largest answer of a Gabor filter, '
    'that it goes with most.',
    'box': 'Half of the units, and their median; the whiskers reach 1.5 times as far. '
    'Red: the hand-made measurements of the same cells.',
}


def units_section(
    rows: Sequence[dict[str, Any]],
    patches: Sequence[dict[str, Any]],
    sizes: Mapping[str, int],
    images: Any,
    marker: int,
) -> Section:
    """Draws patches and boxes.

    Args:
        rows: Rows of `tables.UNITS`.
        patches: Rows of `tables.PATCHES`, each with the row of its `cell` and its
            `part` of the crop.
        sizes: Side of the receptive field of each layer, by name.
        images: Crops, float32 [n, s, s, c] in [0, 1], protein first.
        marker: Index of the marker among the channels, -1 for none.
    """
    measured = any(row['layer'] == MEASUREMENTS for row in rows)
    beside = ', and hand-made measurements in red' if measured else ''
    with style.house_style():
        pictures = {
            'unit_patches': html.picture(
                patch_sheets(patches, sizes, images, marker),
                'Patches that units answer most, a row for each unit.',
            ),
            'unit_boxes': html.picture(
                _boxes(rows), f'What units tell, layer by layer{beside}.'
            ),
        }
    header, *lines = as_text(rows)
    return Section(
        'What units see',
        f'{rows[0]["cells"]:,} cells were searched for the patches that a unit answers '
        'most; shown are the units of each layer that tell most of the class, or those '
        'asked for. Each layer sees more of a cell than the one before.',
        pictures,
        header,
        lines,
        NOTES,
    )


def as_text(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """A line for each layer, the header first."""
    lines = [
        [
            'layer',
            'units',
            'sees, pixels',
            'information, median',
            'information, best unit',
            'measurement, median |r|',
            'Gabor filter, median |r|',
        ]
    ]
    for layer in dict.fromkeys(row['layer'] for row in rows):
        mine = [row for row in rows if row['layer'] == layer]
        told, *others = (_values(mine, name) for name in PANELS)
        side = mine[0]['field']
        lines.append(
            [
                layer,
                f'{len(mine):,}',
                f'{side} × {side}',
                f'{np.median(told):.2f}',
                f'{told.max():.2f}',
                *(f'{np.median(x):.2f}' if len(x) else '' for x in others),
            ]
        )
    return lines


def _values(rows: Sequence[dict[str, Any]], name: str) -> np.ndarray:
    """Sizes of the numbers of some rows; those that are not known are left out."""
    found = [row.get(name) for row in rows]
    values = np.array([value for value in found if value is not None], float)
    return values if name == 'information' else np.abs(values)


def _boxes(rows: Sequence[dict[str, Any]]) -> Figure:
    layers = list(dict.fromkeys(row['layer'] for row in rows))
    figure = style.new_figure(style.WIDTH, 0.9 + 0.32 * len(layers))
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (name, title) in zip(panels, PANELS.items(), strict=True):
        values = [
            _values([row for row in rows if row['layer'] == layer], name)
            for layer in layers
        ]
        boxes = axes.boxplot(
            values,
            orientation='horizontal',
            widths=0.6,
            patch_artist=True,
            medianprops=dict(color=style.INK),
            flierprops=dict(
                marker='.', markersize=3, alpha=0.4, markeredgecolor='none'
            ),
        )
        for box, layer in zip(boxes['boxes'], layers, strict=True):
            box.set_facecolor(RED if layer == MEASUREMENTS else style.RULE)
        for dots in boxes['fliers']:
            dots.set_markerfacecolor(style.INK)
        axes.set_yticks(range(1, len(layers) + 1), layers)
        axes.set_xlabel(title)
        axes.set_xlim(left=0)
        style.grid(axes)
    panels[0].invert_yaxis()
    return figure
