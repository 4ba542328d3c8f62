"""Images are made for every class, and for units."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np

from deeploc_jax.explain.batches import in_batches
from deeploc_jax.explain.information import mutual_information
from deeploc_jax.explain.maximal import PERCENTILES, PLAIN, Recipe, make_climb
from deeploc_jax.explain.outlines import cell_mask, usual_cells
from deeploc_jax.explain.sample import Sample
from deeploc_jax.explain.units import most_telling, peaks

NOISE = 0.1
"""Largest pixel of the noise that images for classes are made from."""
NOISES = 12
"""Noises, one brighter than the other, that images for units are made from."""


@dataclasses.dataclass(frozen=True)
class Invented:
    """Images that no microscope has seen.

    Attributes:
        images: float32 [m, s, s, c].
        targets: Class or unit that each was made for, int [m].
        cells: Row of the cell whose marker each has, int [m]; -1: none.
        before: The noise that each was made from, in its cell, like `images`.
    """

    images: np.ndarray
    targets: np.ndarray
    cells: np.ndarray
    before: np.ndarray


def invent_classes(
    sample: Sample, recipe: Recipe, cells: int, percentile: float, seed: int
) -> Invented:
    """Images for every class of the network, each in several real cells.

    Outside the cell, and in every channel but the protein's, the image is that of the
    real cell, but the protein is 0 outside. All are made in one compiled program.

    Args:
        sample: Real cells.
        recipe: How images are made.
        cells: Real cells in which an image is made for each class.
        percentile: Percentile for classes that `PERCENTILES` does not name.
        seed: Seed of the cells and of the noise.

    Raises:
        ValueError: No cell of the sample has an outline of a usual size.
    """
    card, real = sample.network.card, sample.images
    rng = np.random.default_rng([seed, 2])
    rows = usual_cells(real, card.marker_channel, cells, rng)
    inside = np.stack([cell_mask(real[row], card.marker_channel) for row in rows])
    start = real[rows].copy()
    start[..., 0] = np.where(inside, NOISE * rng.random(inside.shape, np.float32), 0)
    masks = np.zeros(start.shape, bool)
    masks[..., 0] = inside
    count = len(card.class_names)
    targets = np.repeat(np.arange(count, dtype=np.int32), len(rows))
    names = [name.upper() for name in card.class_names]
    clipped = np.array([PERCENTILES.get(x, percentile) for x in names], np.float32)
    head = getattr(sample.network.model, 'HEAD', '')
    climb = jax.jit(make_climb(sample.network, head, recipe))
    before = np.tile(start, (count, 1, 1, 1))
    images = in_batches(
        lambda *arrays: climb(sample.network.variables, *arrays),
        (
            before,
            targets,
            np.tile(masks, (count, 1, 1, 1)),
            np.repeat(clipped, len(rows)),
        ),
        sample.batch_size,
        'classes',
    )
    return Invented(images, targets, np.tile(rows, count), before)


def invent_units(sample: Sample, layer: str, units: int, seed: int) -> Invented:
    """Images for units of a layer with maps, from noise, by nothing but the gradient.

    Each starts from the noise that its unit answers most, of several as bright as real
    cells or fainter: where a unit does not answer at all, there is no way uphill.

    Args:
        sample: Cells that tell which units are made images for: those that tell most
            of the class, without units that answer no noise.
        layer: Name of the layer.
        units: How many, fewer where fewer answer.
        seed: Seed of the noise.
    """
    network, real = sample.network, sample.images
    rng = np.random.default_rng([seed, 3])
    scales = np.geomspace(NOISE / 3, 1, NOISES, dtype=np.float32)[:, None, None, None]
    noise = scales * rng.random((NOISES, *real.shape[1:]), np.float32)
    values, answers = (
        peaks(network, images, [layer], sample.batch_size)[layer].values
        for images in (real, noise)
    )
    told = mutual_information(values, sample.classes()[0])
    told = np.where(np.ptp(answers, axis=0) > 0, told, -np.inf)
    targets = np.array(most_telling(told, units), np.int32)
    targets = targets[told[targets] > -np.inf]
    start = noise[answers[:, targets].argmax(0)]
    climb = jax.jit(make_climb(network, layer, PLAIN))
    images = in_batches(
        lambda *arrays: climb(network.variables, *arrays),
        (
            start,
            targets,
            np.ones(start.shape, bool),
            np.zeros(len(targets), np.float32),
        ),
        sample.batch_size,
        'units',
    )
    return Invented(images, targets, np.full(len(targets), -1), start)
