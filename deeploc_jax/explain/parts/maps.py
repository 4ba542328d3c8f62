"""The part `maps`: cells that look alike to a layer lie together."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from deeploc_jax.explain.maps import make_maps, nearest_rows, point_rows
from deeploc_jax.explain.parts.opened import Opened
from deeploc_jax.report.mapped import Mapped
from deeploc_jax.report.maps import maps_section
from deeploc_jax.report.section import Section
from deeploc_jax.tables.maps import MAP_POINTS, MAPS, NEAREST


@dataclasses.dataclass(frozen=True)
class MapOptions:
    """What is asked of the part.

    Attributes:
        layers: Names of layers; none: a few of them.
        methods: Keys of `embed.METHODS`.
        near: Cells, by `cell_id`, whose nearest are shown; none: the one in the middle
            of each class.
    """

    layers: Sequence[str]
    methods: Sequence[str]
    near: Sequence[str]


def maps_part(opened: Opened, options: MapOptions) -> Section:
    """Makes maps of cells, by layers and by measurements."""
    sample, layers = opened.drawn(), opened.layers(options.layers)
    chosen = [sample.row_of(name) for name in options.near]
    measured = opened.measured(sample)
    maps = make_maps(sample, measured, layers, options.methods, opened.seed)
    chosen = chosen or maps.middle
    opened.write(maps.rows, MAPS)
    opened.write(point_rows(maps, sample), MAP_POINTS)
    opened.write(nearest_rows(maps, sample, chosen), NEAREST)
    mapped = Mapped(
        sample.images,
        sample.network.card.marker_channel,
        *sample.classes(),
        sample.cells.metadata,
        maps.maps,
        maps.best,
        chosen,
    )
    return maps_section(maps.rows, mapped)
