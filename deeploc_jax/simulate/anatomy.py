"""Vacuoles, nucleus and spindle poles are put in their places inside a cell.

Nucleus and vacuoles share the room in the mother. The nucleus moves to the neck as the
bud grows; in anaphase it stretches through the neck until mother and bud hold one lobe
each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.geometry import Ellipsoid
from deeploc_jax.simulate.outline import Culture, Outline, draw_outline

NUCLEUS_RADIUS = 7.3  # units, in a mother of typical size
TYPICAL_RADIUS = 17.2  # units
VACUOLE_COUNT_SHARES = (0.58, 0.28, 0.14)  # cells with one, two, three vacuoles
# Radii relative to the mother's where there are one, two, three vacuoles.
VACUOLE_RADIUS = ((0.40, 0.75), (0.32, 0.58), (0.26, 0.46))
LOBED = 0.6  # share of the cells whose vacuoles are clusters of lobes
EXCLUSION = (0.35, 0.95)  # vacuoles stand out more in some cells than in others
# Strength with which the nucleus is drawn to the neck at each stage.
NECK_PULL = {'unbudded': 0.0, 'small': 0.5, 'large': 1.5, 'shmoo': 1.0}


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell with its organelles.

    Attributes:
        outline: Mother and bud.
        vacuoles: One to three vacuoles, all in the mother.
        nuclei: One lobe, or two in anaphase.
        bridge: Part of the nucleus that still joins two lobes, or None.
        poles: Positions of the spindle pole bodies, [1 or 2, 3]; in anaphase pole i
            sits on lobe i.
        exclusion: Share of the soluble proteins, 0 to 1, that vacuoles keep out.
    """

    outline: Outline
    vacuoles: tuple[Ellipsoid, ...]
    nuclei: tuple[Ellipsoid, ...]
    bridge: Ellipsoid | None
    poles: np.ndarray
    exclusion: float


def draw_cell(rng: np.random.Generator, culture: Culture) -> Cell:
    """Draws a random cell of a culture with its organelles in place."""
    outline = draw_outline(rng, culture)
    if outline.bud and outline.stage == 'large' and rng.random() < 0.45:
        nuclei, bridge = _divided_nucleus(rng, outline, outline.bud)
    else:
        nuclei, bridge = (_single_nucleus(rng, outline),), None
    vacuoles = _draw_vacuoles(rng, outline.mother, nuclei)
    poles = _draw_poles(rng, outline, nuclei)
    exclusion = rng.uniform(*EXCLUSION)
    return Cell(outline, vacuoles, nuclei, bridge, poles, exclusion)


def _draw_vacuoles(
    rng: np.random.Generator, mother: Ellipsoid, nuclei: Sequence[Ellipsoid]
) -> tuple[Ellipsoid, ...]:
    """Puts each in the roomiest of 24 random places, no larger than fits there."""
    count = rng.choice(3, p=VACUOLE_COUNT_SHARES)
    placed: list[Ellipsoid] = []
    for size in rng.uniform(*VACUOLE_RADIUS[count], size=count + 1):
        depths = rng.uniform(0.15, 0.75, 24)
        places = depths[:, None] * geometry.sphere(rng, 24) * [1, 1, 0.4]
        to_wall = (0.95 - np.linalg.norm(places, axis=1)) * mother.radius
        places = mother.place(places)
        room = np.minimum(_clearance(places, [*nuclei, *placed]) + 1, to_wall)
        radius = np.clip(room, 3, size * mother.radius)
        best = radius.argmax()
        shape = mother.half_axes / mother.radius * rng.uniform(0.92, 1.08, 3)
        placed.append(Ellipsoid(places[best], radius[best] * shape, mother.angle))
    if rng.random() < LOBED:
        placed += [lobe for vacuole in placed for lobe in _lobes(rng, mother, vacuole)]
    return tuple(placed)


def _lobes(
    rng: np.random.Generator, mother: Ellipsoid, vacuole: Ellipsoid
) -> list[Ellipsoid]:
    """One to five lobes that bulge out of a vacuole, inside the mother."""
    count = int(rng.integers(1, 6))
    away = geometry.sphere(rng, count) * [1, 1, 0.3]
    away *= vacuole.radius * rng.uniform(0.5, 1.1, (count, 1))
    centers = vacuole.center + away
    to_wall = 0.95 * mother.radius - np.linalg.norm(centers, axis=1)
    radii = np.minimum(vacuole.radius * rng.uniform(0.4, 1.0, count), to_wall)
    return [
        Ellipsoid(center, radius * np.ones(3), mother.angle)
        for center, radius in zip(centers, radii, strict=True)
        if radius > 2
    ]


def _clearance(points: np.ndarray, shapes: Sequence[Ellipsoid]) -> np.ndarray:
    """Distance [n] from points [n, 3] to the surface of the nearest shape."""
    gaps = [np.linalg.norm(points - s.center, axis=1) - s.radius for s in shapes]
    return np.min(gaps, axis=0)


def _nucleus(
    rng: np.random.Generator, center: np.ndarray, radius: float, angle: float
) -> Ellipsoid:
    return Ellipsoid(center, radius * rng.uniform(0.92, 1.1, 3), angle)


def _single_nucleus(rng: np.random.Generator, outline: Outline) -> Ellipsoid:
    """A nucleus off center, nearer to the neck as the bud grows."""
    mother = outline.mother
    radius = NUCLEUS_RADIUS * np.sqrt(mother.radius / TYPICAL_RADIUS)
    room = max(0.97 - radius / mother.radius, 0.1)
    places = mother.place(geometry.sphere(rng, 6) * [room, room, 0.4 * room])
    to_neck = np.linalg.norm(places - outline.neck, axis=1)
    score = NECK_PULL[outline.stage] * to_neck + 5 * rng.random(6)
    return _nucleus(rng, places[score.argmin()], radius, rng.uniform(0, np.pi))


def _divided_nucleus(
    rng: np.random.Generator, outline: Outline, bud: Ellipsoid
) -> tuple[tuple[Ellipsoid, Ellipsoid], Ellipsoid | None]:
    """Two lobes on either side of the neck, joined by a bridge in early anaphase."""
    mother, toward = outline.mother, geometry.heading(outline.axis)
    progress = rng.uniform(0.25, 1)
    radius = 0.8 * NUCLEUS_RADIUS * np.sqrt(mother.radius / TYPICAL_RADIUS)
    in_bud = min(radius, 0.62 * bud.radius)
    back = (radius + 1) * (1 - progress) + progress * mother.radius
    ahead = (in_bud + 1) * (1 - progress) + progress * bud.radius
    first, second = outline.neck - back * toward, outline.neck + ahead * toward
    lobes = (
        _nucleus(rng, first, radius, outline.axis),
        _nucleus(rng, second, in_bud, outline.axis),
    )
    if progress > 0.7:
        return lobes, None
    length = np.linalg.norm(second - first) / 2
    bridge = Ellipsoid((first + second) / 2, np.array([length, 2, 2]), outline.axis)
    return lobes, bridge


def _draw_poles(
    rng: np.random.Generator, outline: Outline, nuclei: Sequence[Ellipsoid]
) -> np.ndarray:
    """One pole body before it doubles, two across the spindle afterwards, [n, 3]."""
    tilt = outline.axis + 0.35 * rng.normal()
    outward = geometry.heading(tilt)
    if len(nuclei) == 2:
        ends = np.array([-outward, outward])
        return np.concatenate(
            [
                lobe.center + 0.95 * lobe.radius * end
                for lobe, end in zip(nuclei, ends[:, None], strict=True)
            ]
        )
    nucleus = nuclei[0]
    if outline.stage == 'large':
        return nucleus.center + 0.9 * nucleus.radius * np.array([-outward, outward])
    count = 1 if outline.bud is None or rng.random() < 0.4 else 2
    directions = outward + 0.5 * rng.normal(size=(count, 3)) * [1, 1, 0.7]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return nucleus.center + nucleus.radius * directions
