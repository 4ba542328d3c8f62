"""What the units of a network see: patches, and how much each of them tells."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeploc_jax.explain.gabor import gabor_answers
from deeploc_jax.explain.information import (
    Strongest,
    mutual_information,
    strongest_correlation,
)
from deeploc_jax.explain.receptive import ReceptiveField, receptive_fields
from deeploc_jax.explain.sample import Measured, Sample
from deeploc_jax.explain.units import Peaks, most_telling, peaks, strongest_cells
from deeploc_jax.lookup import check_name

MEASUREMENTS = 'measurements'
"""What stands for a layer in the rows of hand-made measurements."""
SIDES = ('top', 'bottom', 'left', 'right')


@dataclasses.dataclass(frozen=True)
class Seen:
    """What units see.

    Attributes:
        rows: Rows of `tables.UNITS`.
        patches: Rows of `tables.PATCHES`, each with the row of its `cell` and its
            `part` of the crop, rows and columns.
        sizes: Side of the receptive field of each layer, by name.
    """

    rows: list[dict[str, Any]]
    patches: list[dict[str, Any]]
    sizes: dict[str, int]


def look_at_units(
    sample: Sample,
    measured: Measured | None,
    layers: Sequence[str],
    *,
    asked: Mapping[str, Sequence[int]],
    units: int,
    patches: int,
) -> Seen:
    """Goes through the units of some layers.

    Args:
        sample: The cells.
        measured: Measurements of the cells, where they were taken.
        layers: Names of layers, as in `layer_names`.
        asked: Numbers of the units whose patches are cut out, by layer; none: those of
            each layer that tell most of the class.
        units: How many these are.
        patches: Patches of each, from as many cells.

    Raises:
        ValueError: There is no such layer or unit.
    """
    network, images, (classes, _) = sample.network, sample.images, sample.classes()
    fields = receptive_fields(network)
    for layer in asked:
        check_name('layer', layer, list(fields))
    found = peaks(network, images, [*layers], sample.batch_size)
    gabor, answers = gabor_answers(images, network.card.channels)
    rows, cut = [], []
    for layer in layers:
        values = found[layer].values
        told = mutual_information(values, classes)
        mine = [*asked.get(layer, ())] if asked else most_telling(told, units)
        if wrong := [unit for unit in mine if not 0 <= unit < len(told)]:
            raise ValueError(f'{layer} has units 0 to {len(told) - 1}, not {wrong[0]}.')
        size = max(fields[layer].size)
        about = _gabor(gabor, strongest_correlation(values, answers))
        if measured:
            best = strongest_correlation(values, measured.values)
            about |= _measurement(measured.names, best)
        rows += _rows(layer, size, len(images), told, about, mine)
        for unit in mine:
            strong = strongest_cells(values[:, unit], patches)
            cut += _patches(sample, fields[layer], unit, strong, found[layer], layer)
    if measured:
        told = mutual_information(measured.values, classes)
        about = _gabor(gabor, strongest_correlation(measured.values, answers))
        about['name'] = measured.names
        rows += _rows(MEASUREMENTS, images.shape[1], len(images), told, about, ())
    return Seen(rows, cut, {name: max(fields[name].size) for name in layers})


def _gabor(names: Sequence[str], best: Strongest) -> dict[str, Any]:
    return dict(
        gabor=[names[i] for i in best.index], gabor_correlation=best.correlation
    )


def _measurement(names: Sequence[str], best: Strongest) -> dict[str, Any]:
    return dict(
        measurement=[names[i] for i in best.index],
        measurement_correlation=best.correlation,
    )


def _rows(
    layer: str,
    size: int,
    cells: int,
    information: np.ndarray,
    columns: Mapping[str, Any],
    shown: Sequence[int],
) -> list[dict[str, Any]]:
    return [
        dict(
            layer=layer,
            unit=unit,
            field=size,
            cells=cells,
            information=float(told),
            shown=unit in shown,
            **{name: values[unit] for name, values in columns.items()},
        )
        for unit, told in enumerate(information)
    ]


def _patches(
    sample: Sample,
    field: ReceptiveField,
    unit: int,
    cells: np.ndarray,
    found: Peaks,
    layer: str,
) -> list[dict[str, Any]]:
    """What a unit sees where it answers most, in the cells given."""
    rows = []
    for rank, cell in enumerate(cells.tolist(), start=1):
        part = down, across = field.at(found.places[cell, unit])
        corners = (down.start, down.stop, across.start, across.stop)
        sides = dict(zip(SIDES, [k + sample.margin for k in corners], strict=True))
        output = float(found.values[cell, unit])
        row = dict(layer=layer, unit=unit, rank=rank, output=output)
        rows.append(row | sides | sample.about(cell) | dict(cell=cell, part=part))
    return rows
