"""What lies inside a cell: vacuoles, nucleus and spindle poles, each in its place.

Nucleus and vacuoles share the room in the mother. The nucleus moves to the neck as the
bud grows; in anaphase it stretches through the neck until mother and bud hold one lobe
each.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.geometry import Ellipsoid
from deeploc_jax.simulate.outline import Culture, Outline, draw_outline

NUCLEUS_RADIUS = 7.3  # in a mother of typical size
TYPICAL_RADIUS = 17.2
VACUOLE_COUNT_SHARES = (0.58, 0.28, 0.14)
VACUOLE_RADIUS = ((0.38, 0.70), (0.30, 0.48), (0.23, 0.38))  # of the mother's
EXCLUSION = (0.35, 0.95)  # vacuoles of some cells show better than others'
NECK_PULL = {'unbudded': 0.0, 'small': 0.5, 'large': 1.5, 'shmoo': 1.0}


@dataclasses.dataclass(frozen=True)
class Cell:
    """A whole cell.

    Attributes:
        outline: mother and bud.
        vacuoles: one to three, in the mother.
        nuclei: one lobe, or two in anaphase.
        bridge: what still joins the two lobes, or None.
        poles: spindle pole bodies, [1 or 2, 3]; pole i sits on lobe i in anaphase.
        exclusion: how well the vacuoles keep soluble proteins out, 0 to 1.
    """

    outline: Outline
    vacuoles: tuple[Ellipsoid, ...]
    nuclei: tuple[Ellipsoid, ...]
    bridge: Ellipsoid | None
    poles: np.ndarray
    exclusion: float


def draw_cell(rng: np.random.Generator, culture: Culture) -> Cell:
    """A random cell of a culture with its organelles in place."""
    outline = draw_outline(rng, culture)
    if outline.bud and outline.stage == 'large' and rng.random() < 0.45:
        nuclei, bridge = _divided_nucleus(rng, outline, outline.bud)
    else:
        nuclei, bridge = (_single_nucleus(rng, outline),), None
    vacuoles = _draw_vacuoles(rng, outline.mother, nuclei)
    poles = _draw_poles(rng, outline, nuclei)
    exclusion = rng.uniform(*EXCLUSION)
    return Cell(outline, vacuoles, nuclei, bridge, poles, exclusion)


def _draw_vacuoles(rng, mother: Ellipsoid, nuclei) -> tuple[Ellipsoid, ...]:
    """Each in the roomiest of some random places, and no larger than that room."""
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
    return tuple(placed)


def _clearance(points: np.ndarray, shapes) -> np.ndarray:
    """Distance [n] from points [n, 3] to the nearest shape's surface."""
    gaps = [np.linalg.norm(points - s.center, axis=1) - s.radius for s in shapes]
    return np.min(gaps, axis=0)


def _nucleus(rng, center: np.ndarray, radius: float, angle: float) -> Ellipsoid:
    return Ellipsoid(center, radius * rng.uniform(0.92, 1.1, 3), angle)


def _single_nucleus(rng, outline: Outline) -> Ellipsoid:
    """Off centre, and nearer to the neck as the bud grows."""
    mother = outline.mother
    radius = NUCLEUS_RADIUS * np.sqrt(mother.radius / TYPICAL_RADIUS)
    room = max(0.97 - radius / mother.radius, 0.1)
    places = mother.place(geometry.sphere(rng, 6) * [room, room, 0.4 * room])
    to_neck = np.linalg.norm(places - outline.neck, axis=1)
    score = NECK_PULL[outline.stage] * to_neck + 5 * rng.random(6)
    return _nucleus(rng, places[score.argmin()], radius, rng.uniform(0, np.pi))


def _divided_nucleus(rng, outline: Outline, bud: Ellipsoid):
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


def _draw_poles(rng, outline: Outline, nuclei) -> np.ndarray:
    """One pole body before it doubles; two across the spindle afterwards."""
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
