"""The part `attributions`: the pixels that speak for the class a cell is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from deeploc_jax.data.cells import with_classes
from deeploc_jax.explain.judged import attributions, judge
from deeploc_jax.explain.parts.opened import Opened
from deeploc_jax.report.explained import Explained
from deeploc_jax.report.explanations import explanations_section
from deeploc_jax.report.section import Section
from deeploc_jax.tables.explanations import EXPLANATIONS


@dataclasses.dataclass(frozen=True)
class AttributionOptions:
    """What is asked of the part.

    Attributes:
        methods: Keys of `attribution.ATTRIBUTIONS`.
        cells: Cells that are judged, drawn at random.
        shown: Cells of each class on the page, those the network is surest of.
    """

    methods: Sequence[str]
    cells: int
    shown: int


def attributions_part(opened: Opened, options: AttributionOptions) -> Section:
    """Attributes cells of each class, and judges the methods on cells at random."""
    sample, seed = opened.sample, opened.seed
    network, images, size = sample.network, sample.images, sample.batch_size
    called = sample.probabilities()
    classes, sure = called.argmax(1), called.max(1)
    drawn = np.random.default_rng(seed).permutation(len(images))[: options.cells]
    some, methods = (images[drawn], classes[drawn]), options.methods
    found = attributions(network, *some, methods, size)
    rows = judge(network, *some, found, size, seed, opened.organelles(drawn))
    opened.write(rows, EXPLANATIONS)
    shown = surest(classes, sure, options.shown)
    card = network.card
    explained = Explained(
        images[shown],
        classes[shown],
        with_classes(sample.cells, card.class_names).labels[shown],
        attributions(network, images[shown], classes[shown], methods, size),
        card.class_names,
        card.channels,
        card.marker_channel,
    )
    return explanations_section(rows, explained, opened.record)


def surest(classes: np.ndarray, sure: np.ndarray, count: int) -> np.ndarray:
    """Rows of the cells of each class that the network is surest of, class by class."""
    order = np.lexsort((-sure, classes))
    first = np.searchsorted(classes[order], classes[order])
    return order[np.arange(len(order)) - first < count]
