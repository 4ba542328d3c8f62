"""The cells of a field lie in clumps, touching but without overlap."""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate import anatomy
from deeploc_jax.simulate.anatomy import Cell
from deeploc_jax.simulate.field_spec import FieldSpec
from deeploc_jax.simulate.protein import Protein

CONTAMINATION = 0.03  # chance that an unwanted cell is of another strain
MORTALITY = 0.02  # chance that an unwanted cell is dead
PARTED = 0.5  # chance that a segmentation takes mother and large bud for two cells
CLUMPING = 0.6  # chance that a cell lies against another one
GHOST_RADIUS = 9.0  # units of space left around a ghost, where there is no cell
BORDER = 33  # pixels; centers of wanted cells are at least as far inside the field
OUTSIDE = 12  # pixels; centers of other cells may lie as far outside
APART = 72  # pixels between wanted cells that must not be in each other's crops
TRIES = 24  # random places that are tried for each cell


@dataclasses.dataclass(frozen=True)
class Placed:
    """A cell in its field.

    Attributes:
        cell: Shape and organelles.
        position: Position (x, y) of its centroid in the field, pixels.
        center: Position (x, y) that a segmentation reports, pixels: the centroid, or
            that of mother or bud where it takes them for two cells.
        protein: Protein that it carries.
        state: 'live', 'dead' or 'ghost'.
        height: Height of its middle above the focal plane, units.
        wanted: Whether it is one of the cells that the screen is made of.
        rng: The cell's own random stream, from which its light is drawn.
    """

    cell: Cell
    position: tuple[float, float]
    center: tuple[float, float]
    protein: Protein
    state: str
    height: float
    wanted: bool
    rng: np.random.Generator


def place_cells(spec: FieldSpec) -> list[Placed]:
    """Places all cells of a field, the wanted ones first.

    Each cell has a random stream of its own, (seed, stream, number), so that it is the
    same whatever its neighbors carry.
    """
    rng = spec.generator(0)
    states = [state for state, count in spec.wanted for _ in range(count)]
    wanted = len(states)
    more = rng.random(max(spec.crowd - wanted, 0))
    states += ['dead' if chance < MORTALITY else 'live' for chance in more]
    circles = np.empty((0, 3))
    placed = []
    for number, state in enumerate(states):
        own = spec.generator(number + 1)
        cell = anatomy.draw_cell(own, spec.culture)
        mine = _circles(cell, state) * spec.plate.instrument.scale
        others = np.array([p.position for p in placed[:wanted]]).reshape(-1, 2)
        keep_off = others if spec.apart and number < wanted else others[:0]
        position = _find_place(rng, mine, circles, keep_off, spec, number < wanted)
        mine[:, :2] += position
        circles = np.concatenate([circles, mine])
        placed.append(_placed(spec, cell, position, state, own, number < wanted))
    return placed


def _placed(
    spec: FieldSpec,
    cell: Cell,
    position: np.ndarray,
    state: str,
    own: np.random.Generator,
    wanted: bool,
) -> Placed:
    protein = spec.protein if wanted or spec.around is None else spec.around
    if own.random() < CONTAMINATION and not wanted:
        protein = spec.stranger
    offset = np.zeros(2)
    if state != 'ghost' and cell.outline.stage == 'large' and own.random() < PARTED:
        part = cell.outline.bodies[int(own.random() < 0.4)]
        offset = spec.plate.instrument.scale * part.center[:2]
    center = position + offset
    if wanted and not _inside(center, BORDER, spec).all():
        center = position
    height = float(spec.plate.heights * own.normal() - spec.focus)
    at, seen = tuple(position), tuple(center)
    return Placed(cell, at, seen, protein, state, height, wanted, own)


def _circles(cell: Cell, state: str) -> np.ndarray:
    """Circles (x, y, radius) [n, 3] around the origin that stand for an outline."""
    if state == 'ghost':
        return np.array([[0, 0, GHOST_RADIUS]])
    return np.array([[*s.center[:2], s.radius] for s in cell.outline.bodies])


def _find_place(
    rng: np.random.Generator,
    mine: np.ndarray,
    circles: np.ndarray,
    keep_off: np.ndarray,
    spec: FieldSpec,
    wanted: bool,
) -> np.ndarray:
    """The first of some random places that is free, or else the freest of them.

    Args:
        rng: Random stream of the layout.
        mine: Circles (x, y, radius) of the cell around the origin, pixels, [m, 3].
        circles: Circles of the cells that are placed already, [n, 3].
        keep_off: Centers (x, y) of cells whose crops the cell must not enter, [k, 2].
        spec: The field.
        wanted: Whether the cell is one that the screen is made of.
    """
    border = BORDER if wanted else -OUTSIDE
    size = np.array(spec.plate.instrument.field_shape[::-1])
    places = rng.uniform(border, size - border, (TRIES, 2))
    if len(circles) and not (spec.apart and wanted):
        touching = _against(rng, mine, circles)
        clumped = rng.random(TRIES) < CLUMPING
        inside = _inside(touching, border, spec).all(1)
        places = np.where((clumped & inside)[:, None], touching, places)
    gaps = np.full(TRIES, np.inf)
    for x, y, radius in mine:
        distance = np.hypot(*(places[:, None] + (x, y) - circles[None, :, :2]).T)
        room = distance - radius - circles[:, 2:]
        gaps = np.minimum(gaps, room.min(0, initial=np.inf))
    if len(keep_off):
        distance = np.abs(places[:, None] - keep_off).max(2).min(1)
        gaps = np.minimum(gaps, distance - APART)
    free = np.flatnonzero(gaps >= -1.5)
    return places[free[0] if len(free) else gaps.argmax()]


def _inside(places: np.ndarray, border: float, spec: FieldSpec) -> np.ndarray:
    """Whether each x and y [..., 2] is at least `border` pixels inside the field."""
    size = np.array(spec.plate.instrument.field_shape[::-1])
    return (places >= border) & (places <= size - border)


def _against(
    rng: np.random.Generator, mine: np.ndarray, circles: np.ndarray
) -> np.ndarray:
    """Places [TRIES, 2] at which the cell would just touch one of the circles."""
    hosts = circles[rng.integers(len(circles), size=TRIES)]
    turns = rng.uniform(0, 2 * np.pi, TRIES)
    directions = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    # Slide outwards from the host's center until no circle of the cell touches it:
    # |offset + d * direction| = sum of radii has its larger root there.
    along = directions @ mine[:, :2].T
    apart = mine[:, 2] + hosts[:, 2:]
    root = along**2 - (mine[:, :2] ** 2).sum(1) + apart**2
    distance = (np.sqrt(np.maximum(root, 0)) - along).max(1)
    distance += rng.exponential(4.0, TRIES) - 1
    return hosts[:, :2] + distance[:, None] * directions
