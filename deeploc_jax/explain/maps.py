"""Maps of cells by the layers of a network, beside hand-made measurements."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32, Int

from deeploc_jax.explain.embed import embed
from deeploc_jax.explain.information import standardized
from deeploc_jax.explain.neighbors import middle_cells, nearest, together
from deeploc_jax.explain.sample import Measured, Sample
from deeploc_jax.explain.units import peaks
from deeploc_jax.progress import progress_bar

MEASUREMENTS = 'measurements'
"""What stands for a layer in the rows of hand-made measurements."""
CLICKED, SHOWN = 3, 7
"""Nearest cells that a click shows, and those in a row of the figure."""


@dataclasses.dataclass(frozen=True)
class CellMap:
    """Cells by the features of one layer.

    Attributes:
        layer: Name of the layer.
        places: Places on a map, float32 [n, 2], by the method that made it.
        near: Rows of the nearest other cells by the features, int [n, SHOWN] or fewer.
        away: Distances to them, [n, SHOWN] or fewer, in standard deviations.
    """

    layer: str
    places: dict[str, Float32[np.ndarray, 'n 2']]
    near: Int[np.ndarray, 'n k']
    away: np.ndarray


@dataclasses.dataclass(frozen=True)
class Maps:
    """Maps of the same cells.

    Attributes:
        maps: One a layer, in order.
        rows: Rows of `tables.MAPS`.
        best: Name of the layer whose neighbors are most often of the class, those of
            the same protein left out.
        middle: Rows of the cells in the middle of each class in that layer.
    """

    maps: list[CellMap]
    rows: list[dict[str, Any]]
    best: str
    middle: list[int]


def make_maps(
    sample: Sample,
    measured: Measured | None,
    layers: Sequence[str],
    methods: Sequence[str],
    seed: int,
) -> Maps:
    """Maps by the largest output of each unit of a layer, for several layers.

    Args:
        sample: The cells, at least 4.
        measured: Measurements of the cells, where they were taken.
        layers: Names of layers, as in `layer_names`.
        methods: Keys of `embed.METHODS`.
        seed: Seed of the maps.
    """
    found = peaks(sample.network, sample.images, layers, sample.batch_size)
    features = {layer: found[layer].values for layer in layers}
    if measured:
        features[MEASUREMENTS] = measured.values
    classes, _ = sample.classes()
    cells = sample.cells.metadata
    made, rows, spaces = [], [], {}
    for layer, values in progress_bar(features.items(), description='maps', unit='map'):
        spaces[layer] = standardized(values)
        near, away = nearest(spaces[layer], SHOWN)
        places = {method: embed(values, method, seed) for method in methods}
        made.append(CellMap(layer, places, near, away))
        for space, x in dict(features=spaces[layer], **places).items():
            numbers = together(x, classes, cells['protein'], cells['plate'])
            rows.append(dict(layer=layer, space=space, features=x.shape[1]) | numbers)
    best = max(
        (row for row in rows if row['space'] == 'features' and row['layer'] in layers),
        key=lambda row: row['purity_other_proteins'] or row['purity'],
    )['layer']
    return Maps(made, rows, best, middle_cells(spaces[best], classes))


def point_rows(maps: Maps, sample: Sample) -> list[dict[str, Any]]:
    """Rows of `tables.MAP_POINTS`."""
    cells = [sample.about(row) for row in range(len(sample.cells))]
    return [
        dict(layer=made.layer, method=method, x=float(x), y=float(y)) | about
        for made in maps.maps
        for method, places in made.places.items()
        for (x, y), about in zip(places, cells, strict=True)
    ]


def nearest_rows(
    maps: Maps, sample: Sample, chosen: Sequence[int]
) -> list[dict[str, Any]]:
    """Rows of `tables.NEAREST` for chosen cells, by their rows, in every layer."""
    names = sample.cells.metadata['cell_id']
    return [
        dict(
            layer=made.layer,
            chosen=names[row],
            rank=rank,
            distance=float(made.away[row, rank - 1]),
            cell=int(other),
            **sample.about(int(other)),
        )
        for made in maps.maps
        for row in chosen
        for rank, other in enumerate(made.near[row], start=1)
    ]
