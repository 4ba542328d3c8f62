"""The cells in one crop: the one at its centre and those that press against it."""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate import anatomy
from deeploc_jax.simulate.anatomy import Cell
from deeploc_jax.simulate.layout import CellSpec
from deeploc_jax.simulate.optics import CANVAS, CROP, MARGIN
from deeploc_jax.simulate.protein import Protein

CONTAMINATION = 0.06  # chance that a neighbour is of another strain
MORTALITY = 0.02  # chance that a neighbour is dead
GHOST_RADIUS = 9.0  # room left free around a place where there is no cell


@dataclasses.dataclass(frozen=True)
class Placed:
    """A cell in the crop.

    Attributes:
        cell: shape and organelles.
        center: canvas position (x, y) of its centroid, pixels.
        protein: what it carries.
        state: live, dead or ghost.
    """

    cell: Cell
    center: tuple[float, float]
    protein: Protein
    state: str


def draw_scene(spec: CellSpec, rng: np.random.Generator) -> list[Placed]:
    """The spec's own cell first, then its neighbours.

    Neighbours lie in random directions, as close as the cells before them allow; those
    pushed out of the canvas are left out.
    """
    # Pixel CROP // 2 of the crop is the field's pixel nearest to the cell's centre.
    middle = MARGIN + CROP // 2
    center = (middle + spec.x - round(spec.x), middle + spec.y - round(spec.y))
    placed = [Placed(anatomy.draw_cell(rng), center, spec.protein, _state(spec))]
    circles = _circles(placed[0])
    for _ in range(rng.poisson(spec.field.density)):
        neighbour = _place(anatomy.draw_cell(rng), center, circles, spec, rng)
        mine = _circles(neighbour)
        circles = np.concatenate([circles, mine])
        if _visible(mine):
            placed.append(neighbour)
    return placed


def _state(spec: CellSpec) -> str:
    return {'DEAD': 'dead', 'GHOST': 'ghost'}.get(spec.class_name, 'live')


def _circles(placed: Placed) -> np.ndarray:
    """Circles (x, y, radius) [n, 3] that stand for a cell's outline."""
    if placed.state == 'ghost':
        return np.array([[*placed.center, GHOST_RADIUS]])
    return np.array(
        [
            [*(shape.center[:2] + placed.center), shape.radius]
            for shape in placed.cell.outline.bodies
        ]
    )


def _visible(circles: np.ndarray) -> bool:
    low = circles[:, :2] + circles[:, 2:] > 0
    high = circles[:, :2] - circles[:, 2:] < CANVAS
    return bool((low & high).all(1).any())


def _place(cell: Cell, center, circles: np.ndarray, spec: CellSpec, rng) -> Placed:
    """Slides a cell outwards along a random direction until it touches nothing."""
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(angle), np.sin(angle)])
    bodies = cell.outline.bodies
    own = np.array([[*(body.center[:2] + center), body.radius] for body in bodies])
    gap = own[:, None, :2] - circles[None, :, :2]
    apart = own[:, None, 2] + circles[None, :, 2]
    # |gap + d * direction| = apart has its larger root where the two just touch.
    along = gap @ direction
    root = along**2 - (gap**2).sum(-1) + apart**2
    touching = np.where(root > 0, np.sqrt(np.maximum(root, 0)) - along, 0)
    distance = max(touching.max(), 0) + rng.exponential(3.0) - 1
    stranger = rng.random() < CONTAMINATION
    state = 'dead' if rng.random() < MORTALITY else 'live'
    at = tuple((np.array(center) + distance * direction).tolist())
    return Placed(cell, at, spec.stranger if stranger else spec.protein, state)
