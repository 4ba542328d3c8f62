"""The outline of a budding yeast cell has a mother and a bud, or a shmoo's projection.

A haploid cell of 4 micrometers in diameter is 33 units wide. Cells with and without a
bud were reported to average 49 by 37 units; those here average 54 by 34. Sizes are
log-normal for simplicity.

References:
    Jorgensen et al. 2002, Science 297:395: cell sizes of a culture are broad.
    Kraus et al. 2017, Mol. Syst. Biol. 13:924: 49 by 37 pixels on average.
    Merlini, Dudin & Martin 2013, Open Biol. 3:130008: arrest and projection of shmoos.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate.geometry import Ellipsoid, heading

BUD_RADIUS = {'small': (0.30, 0.52), 'large': (0.52, 0.85)}  # relative to the mother's


@dataclasses.dataclass(frozen=True)
class Culture:
    """Shapes of the cells of a culture.

    Attributes:
        radius: Radius of a typical mother cell, units.
        spread: Standard deviation of the logarithm of that radius.
        stages: Pairs of stage (see `Outline`) and share of the cells, 0 to 1.
    """

    radius: float = 18.4
    spread: float = 0.17
    stages: tuple[tuple[str, float], ...] = (
        ('unbudded', 0.42),
        ('small', 0.24),
        ('large', 0.34),
    )


@dataclasses.dataclass(frozen=True)
class Outline:
    """Shape of a cell, with the centroid of its image as origin.

    Attributes:
        mother: The mother cell.
        bud: The bud, or None before it emerges.
        projection: A shmoo's projection towards its mate, or None.
        stage: 'unbudded', 'small' or 'large' (of the bud), or 'shmoo'.
        axis: Angle from the mother's center to the bud, or to its future site.
        neck: Center of the bud neck (or of that site, or the shmoo's tip), [3].
    """

    mother: Ellipsoid
    bud: Ellipsoid | None
    projection: Ellipsoid | None
    stage: str
    axis: float
    neck: np.ndarray

    @property
    def bodies(self) -> tuple[Ellipsoid, ...]:
        """The mother and, if any, her bud or projection."""
        parts = (self.mother, self.bud, self.projection)
        return tuple(part for part in parts if part is not None)


def draw_outline(rng: np.random.Generator, culture: Culture) -> Outline:
    """Draws the outline of a random cell of a culture."""
    names, shares = zip(*culture.stages, strict=True)
    stage = names[rng.choice(len(names), p=shares)]
    radius = culture.radius * np.exp(culture.spread * np.clip(rng.normal(), -2.5, 2.5))
    stretch = np.sqrt(1.03 + 0.16 * abs(rng.normal()))
    half_axes = radius * np.array([stretch, 1 / stretch, 0.93 / stretch])
    angle = rng.uniform(0, 2 * np.pi)
    mother = Ellipsoid(np.zeros(3), half_axes, angle)
    axis = angle + 0.4 * rng.normal()  # haploids bud near the pole of the long axis
    neck = heading(axis) * mother.reach(axis)
    if stage == 'unbudded':
        return Outline(mother, None, None, stage, axis, neck)
    if stage == 'shmoo':
        return _with_projection(rng, mother, axis)
    return _with_bud(rng, mother, stage, axis, neck)


def _with_bud(
    rng: np.random.Generator,
    mother: Ellipsoid,
    stage: str,
    axis: float,
    neck: np.ndarray,
) -> Outline:
    size = mother.radius * rng.uniform(*BUD_RADIUS[stage])
    half_axes = size * np.array([1.08, 0.95, 0.93])
    center = neck + heading(axis) * 0.86 * half_axes[0]
    center[2] = 0.1 * size * rng.normal()
    share = size**2 / (size**2 + mother.radius**2)
    shift = share * center * [1, 1, 0]
    bud = Ellipsoid(center - shift, half_axes, axis)
    mother = dataclasses.replace(mother, center=-shift)
    return Outline(mother, bud, None, stage, axis, neck - shift)


def _with_projection(
    rng: np.random.Generator, mother: Ellipsoid, axis: float
) -> Outline:
    """A shmoo: its cone is the tip of a long ellipsoid that begins in the mother."""
    length = mother.radius * rng.uniform(0.35, 0.95)  # beyond the mother's surface
    width = mother.radius * rng.uniform(0.42, 0.6)
    reach = mother.reach(axis)
    half = (reach + length) / 2
    half_axes = np.array([half, width, width])
    shift = heading(axis) * 0.12 * length
    center = heading(axis) * half - shift
    projection = Ellipsoid(center, half_axes, axis)
    mother = dataclasses.replace(mother, center=-shift)
    tip = heading(axis) * (reach + length) - shift
    return Outline(mother, None, projection, 'shmoo', axis, tip)
