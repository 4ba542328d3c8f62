"""Proteins that moved are drawn as arrows between compartments on a circle."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch, Polygon
from matplotlib.path import Path

from deeploc_jax.report import style

SIZE = (640, 450)
"""Width and height of the drawing, in its own units; y grows downward."""
RADIUS, NODE = 182, 7  # of the circle and of a compartment on it
WIDEST, FEWEST = 13, 6  # width of the largest arrow; so many proteins it has at least
BEND = 0.17  # of its length that an arrow swerves to its right: both ways stay apart
MOST = 60  # arrows drawn, those of most proteins
LISTED = 12  # proteins named in the title of an arrow

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Flux:
    """Proteins that moved from one compartment to another."""

    origin: str
    target: str
    proteins: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Node:
    """A compartment: its center, where its name stands, and how that is aligned."""

    name: str
    center: Point
    label: Point
    anchor: str


@dataclasses.dataclass(frozen=True)
class Arrow:
    """A quadratic curve with a triangle at its end.

    Attributes:
        flux: What it stands for.
        width: Width of the line.
        curve: Start, control point and end of the line.
        head: The corners of the triangle.
        middle: Where the number of proteins stands.
    """

    flux: Flux
    width: float
    curve: tuple[Point, Point, Point]
    head: tuple[Point, Point, Point]
    middle: Point

    @property
    def title(self) -> str:
        """Compartments, number of proteins and their names."""
        names = self.flux.proteins
        more = f' and {len(names) - LISTED} more' if len(names) > LISTED else ''
        noun = 'protein' if len(names) == 1 else 'proteins'
        listed = ', '.join(names[:LISTED])
        return (
            f'{self.flux.origin} to {self.flux.target}: {len(names)} {noun}: '
            f'{listed}{more}'
        )


def lay_out(fluxes: Sequence[Flux]) -> tuple[list[Node], list[Arrow]]:
    """Places compartments on a circle, by name, and arrows between them.

    Args:
        fluxes: A flux for each pair of compartments, none from one to itself.

    Returns:
        The compartments that an arrow touches, clockwise from the top; the arrows, the
        widest first, so that thin ones are drawn over them, and at most `MOST`.
    """
    fluxes = sorted(fluxes, key=lambda flux: -len(flux.proteins))[:MOST]
    names = sorted({name for flux in fluxes for name in (flux.origin, flux.target)})
    nodes = {name: _node(name, i / len(names)) for i, name in enumerate(names)}
    most = max([FEWEST, *(len(flux.proteins) for flux in fluxes)])
    arrows = [
        _arrow(flux, nodes[flux.origin], nodes[flux.target], most) for flux in fluxes
    ]
    return list(nodes.values()), arrows


def _node(name: str, turn: float) -> Node:
    angle = 2 * math.pi * turn
    across, down = math.sin(angle), -math.cos(angle)
    x, y = SIZE[0] / 2 + RADIUS * across, SIZE[1] / 2 + RADIUS * down
    label = (x + 16 * across, y + 18 * down)
    anchor = 'middle' if abs(across) < 0.15 else 'start' if across > 0 else 'end'
    return Node(name, (x, y), label, anchor)


def _arrow(flux: Flux, origin: Node, target: Node, most: int) -> Arrow:
    width = max(1.4, WIDEST * len(flux.proteins) / most)
    start, end = np.array(origin.center), np.array(target.center)
    center = np.array(SIZE) / 2
    along = end - start
    right = np.array([-along[1], along[0]])
    control = center + 0.75 * ((start + end) / 2 - center) + BEND * right
    start = start + (NODE + 3) * _unit(control - start)
    direction = _unit(end - control)
    tip, length, half = end - (NODE + 2) * direction, 7 + width, 4 + 0.75 * width
    base, side = (
        tip - length * direction,
        half * np.array([-direction[1], direction[0]]),
    )
    middle = 0.25 * start + 0.5 * control + 0.25 * base
    return Arrow(
        flux,
        width,
        (_point(start), _point(control), _point(base)),
        (_point(tip), _point(base + side), _point(base - side)),
        _point(middle),
    )


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _point(vector: np.ndarray) -> Point:
    return round(float(vector[0]), 1), round(float(vector[1]), 1)


def flux_figure(fluxes: Sequence[Flux]) -> Figure:
    """Draws compartments on a circle and arrows as wide as proteins are many."""
    nodes, arrows = lay_out(fluxes)
    figure = Figure((SIZE[0] / 90, SIZE[1] / 90), dpi=style.DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, SIZE[0]), ylim=(SIZE[1], 0), aspect='equal')
    axes.set_axis_off()
    for arrow in arrows:
        path = Path(arrow.curve, [Path.MOVETO, Path.CURVE3, Path.CURVE3])
        wide = dict(linewidth=arrow.width * 72 / 90, alpha=0.55, capstyle='butt')
        axes.add_patch(PathPatch(path, fill=False, edgecolor=style.TRAIN, **wide))
        axes.add_patch(Polygon(arrow.head, color=style.TRAIN, linewidth=0))
        if len(arrow.flux.proteins) > 1:
            place = dict(ha='center', va='center', weight='bold')
            axes.text(*arrow.middle, str(len(arrow.flux.proteins)), **place)
    for node in nodes:
        axes.add_patch(
            Circle(node.center, NODE, facecolor='white', edgecolor=style.INK)
        )
        side = {'start': 'left', 'end': 'right', 'middle': 'center'}[node.anchor]
        name = style.shorten(node.name, 26)
        axes.text(*node.label, name, ha=side, va='center')
    if not arrows:
        axes.text(SIZE[0] / 2, SIZE[1] / 2, 'No protein moved.', ha='center')
    return figure
