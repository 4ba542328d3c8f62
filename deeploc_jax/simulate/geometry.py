"""Simulated cells are made of ellipsoids (x right, y down, z up).

Lengths of cells are in units of `UNIT`, about a pixel of the microscope of Chong et al.
2015; lengths in images are in pixels.
"""

from __future__ import annotations

import dataclasses

import numpy as np

UNIT = 0.12
"""Micrometers in a unit of length."""


@dataclasses.dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid that is turned about the z axis only.

    Attributes:
        center: Position (x, y, z), units.
        half_axes: Half the length of each axis before the turn, units, [3].
        angle: Turn about the z axis, radians.
    """

    center: np.ndarray
    half_axes: np.ndarray
    angle: float

    def place(self, unit: np.ndarray) -> np.ndarray:
        """Positions [n, 3] of points [n, 3] given in the unit ball."""
        x, y, z = (np.atleast_2d(unit) * self.half_axes).T
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.stack([x * cos - y * sin, x * sin + y * cos, z], 1) + self.center

    def unit(self, points: np.ndarray) -> np.ndarray:
        """Unit-ball coordinates [n, 3] of positions [n, 3]: the inverse of `place`."""
        x, y, z = (np.atleast_2d(points) - self.center).T
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        turned = np.stack([x * cos + y * sin, y * cos - x * sin, z], 1)
        return turned / self.half_axes

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Whether each of the positions [n, 3] lies inside, bool [n]."""
        return (self.unit(points) ** 2).sum(1) < 1

    def grown(self, length: float) -> Ellipsoid:
        """The same shape with every half axis longer (or shorter) by a length."""
        half_axes = np.maximum(self.half_axes + length, 0.3)
        return dataclasses.replace(self, half_axes=half_axes)

    def reach(self, direction: float) -> float:
        """Distance from center to surface at an angle in the image plane."""
        turn = direction - self.angle
        a, b = self.half_axes[:2]
        return float(1 / np.hypot(np.cos(turn) / a, np.sin(turn) / b))

    @property
    def radius(self) -> float:
        """Radius of the disc with the same area in the image plane."""
        return float(np.sqrt(self.half_axes[0] * self.half_axes[1]))


def heading(angle: float) -> np.ndarray:
    """Unit vector [3] in the image plane at an angle in radians."""
    return np.array([np.cos(angle), np.sin(angle), 0.0])


def sphere(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws random directions: unit vectors [count, 3]."""
    points = rng.normal(size=(count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)
