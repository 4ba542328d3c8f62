"""Outlines of budding yeast cells, as ellipsoids in pixels (x right, y down, z up).

One pixel is 0.12 um, as seen through a 60x objective: a mother cell of 4 um in diameter
is about 33 pixels wide, and a mother with its bud averages 49 by 37 pixels.
"""

from __future__ import annotations

import dataclasses

import numpy as np

MOTHER_RADIUS = 17.2
STAGES = ('unbudded', 'small', 'large')
STAGE_SHARES = (0.36, 0.28, 0.36)
BUD_RADIUS = {'small': (0.30, 0.52), 'large': (0.52, 0.82)}  # of the mother's


@dataclasses.dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid turned about the z axis only."""

    center: np.ndarray
    half_axes: np.ndarray
    angle: float

    def place(self, unit: np.ndarray) -> np.ndarray:
        """Positions [n, 3] in pixels of points [n, 3] given in the unit ball."""
        x, y, z = (np.atleast_2d(unit) * self.half_axes).T
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.stack([x * cos - y * sin, x * sin + y * cos, z], 1) + self.center

    def unit(self, points: np.ndarray) -> np.ndarray:
        """Unit-ball coordinates [n, 3] of positions [n, 3]: the inverse of place."""
        x, y, z = (np.atleast_2d(points) - self.center).T
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        turned = np.stack([x * cos + y * sin, y * cos - x * sin, z], 1)
        return turned / self.half_axes

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Whether each of the positions [n, 3] lies inside, bool [n]."""
        return (self.unit(points) ** 2).sum(1) < 1

    def grown(self, pixels: float) -> Ellipsoid:
        """The same shape with every half axis longer (or shorter) by some pixels."""
        half_axes = np.maximum(self.half_axes + pixels, 0.3)
        return dataclasses.replace(self, half_axes=half_axes)

    def reach(self, direction: float) -> float:
        """Distance in pixels from centre to surface, in the image plane."""
        turn = direction - self.angle
        a, b = self.half_axes[:2]
        return float(1 / np.hypot(np.cos(turn) / a, np.sin(turn) / b))

    @property
    def radius(self) -> float:
        """Radius in pixels of the disc with the same area in the image plane."""
        return float(np.sqrt(self.half_axes[0] * self.half_axes[1]))


@dataclasses.dataclass(frozen=True)
class Outline:
    """Mother and bud about their common centroid.

    Attributes:
        mother: the mother cell.
        bud: the bud, or None before it emerges.
        stage: one of STAGES.
        axis: angle from the mother's centre to the bud, or to its future site.
        neck: centre of the bud neck (or of that site), [3].
    """

    mother: Ellipsoid
    bud: Ellipsoid | None
    stage: str
    axis: float
    neck: np.ndarray

    @property
    def bodies(self) -> tuple[Ellipsoid, ...]:
        """The mother, and the bud when there is one."""
        return (self.mother,) if self.bud is None else (self.mother, self.bud)


def heading(angle: float) -> np.ndarray:
    """The unit vector [3] in the image plane at an angle."""
    return np.array([np.cos(angle), np.sin(angle), 0.0])


def sphere(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random directions, unit vectors [count, 3]."""
    points = rng.normal(size=(count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def draw_outline(rng: np.random.Generator) -> Outline:
    """A random cell of an exponentially growing culture."""
    stage = STAGES[rng.choice(3, p=STAGE_SHARES)]
    radius = MOTHER_RADIUS * np.exp(0.11 * rng.normal())
    stretch = np.sqrt(1.03 + 0.13 * abs(rng.normal()))
    half_axes = radius * np.array([stretch, 1 / stretch, 0.93 / stretch])
    angle = rng.uniform(0, 2 * np.pi)
    mother = Ellipsoid(np.zeros(3), half_axes, angle)
    axis = angle + 0.4 * rng.normal()  # haploids bud near the pole of the long axis
    neck = heading(axis) * mother.reach(axis)
    if stage == 'unbudded':
        return Outline(mother, None, stage, axis, neck)
    return _with_bud(rng, mother, stage, axis, neck)


def _with_bud(rng, mother: Ellipsoid, stage: str, axis: float, neck) -> Outline:
    size = mother.radius * rng.uniform(*BUD_RADIUS[stage])
    half_axes = size * np.array([1.08, 0.95, 0.93])
    center = neck + heading(axis) * 0.86 * half_axes[0]
    center[2] = 0.1 * size * rng.normal()
    share = size**2 / (size**2 + mother.radius**2)
    shift = share * center * [1, 1, 0]
    bud = Ellipsoid(center - shift, half_axes, axis)
    mother = dataclasses.replace(mother, center=-shift)
    return Outline(mother, bud, stage, axis, neck - shift)
