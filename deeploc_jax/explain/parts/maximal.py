"""The part `maximal`: images that classes and units answer most."""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.explain.inside import inside_columns
from deeploc_jax.explain.invented import invent_classes, invent_units
from deeploc_jax.explain.layers import last_convolution
from deeploc_jax.explain.maximal import Recipe
from deeploc_jax.explain.named import (
    check_judge,
    named_right,
    named_rows,
    real_right,
)
from deeploc_jax.explain.parts.opened import Opened
from deeploc_jax.report.maximal import maximal_section
from deeploc_jax.report.section import Section
from deeploc_jax.tables.maximal import MAXIMAL
from deeploc_jax.weights.folder import read_weights


@dataclasses.dataclass(frozen=True)
class MaximalOptions:
    """What is asked of the part.

    Attributes:
        recipe: How images are made for classes.
        cells: Real cells in which an image is made for each class.
        units: Units of the last convolution for which an image is made.
        percentile: Percentile for classes that DeepLoc's authors do not name.
        judge: Workdir or weights of a second network; '': none.
    """

    recipe: Recipe
    cells: int
    units: int
    percentile: float
    judge: str


def maximal_part(opened: Opened, options: MaximalOptions) -> Section:
    """Makes images, and asks networks what they are.

    Raises:
        ValueError: The second network takes other images, or lacks a class.
    """
    sample, seed = opened.drawn(), opened.seed
    network = sample.network
    judge = read_weights(options.judge) if options.judge else None
    if judge:
        check_judge(network, judge)
    made = invent_classes(
        sample, options.recipe, options.cells, options.percentile, seed
    )
    layer = last_convolution(network)
    units = invent_units(sample, layer, options.units, seed)
    rows = named_rows(sample, made, judge)
    cells = np.unique(made.cells)
    lights = opened.class_lights(sample, cells)
    if lights is not None:
        inside = inside_columns(sample, made, cells, lights)
        rows = [row | more for row, more in zip(rows, inside, strict=True)]
    opened.write(rows, MAXIMAL)
    shares = {who: named_right(rows, who) for who in ('own', 'judge', 'before')}
    if judge:
        shares['real'] = real_right(sample, judge)
    by_unit = dict(zip(units.targets.tolist(), units.images, strict=True))
    names, marker = (layer, options.judge), network.card.marker_channel
    return maximal_section(rows, made.images, by_unit, shares, names, marker)
