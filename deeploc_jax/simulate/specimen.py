"""Every painter is given a specimen: one cell under the microscope."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from deeploc_jax.simulate.anatomy import Cell
from deeploc_jax.simulate.geometry import Ellipsoid, sphere
from deeploc_jax.simulate.microscope import optics
from deeploc_jax.simulate.microscope.optics import View
from deeploc_jax.simulate.protein import Protein


@dataclasses.dataclass(frozen=True)
class Specimen:
    """A cell, where it is seen, and the protein it carries.

    Attributes:
        cell: Shape and organelles.
        view: Canvas, position on it, and focus.
        protein: Tagged protein.
        texture: Smooth noise of mean 0 and variance 1, [h, w] of the canvas.
        rng: The cell's random stream.
    """

    cell: Cell
    view: View
    protein: Protein
    texture: np.ndarray
    rng: np.random.Generator

    @functools.cached_property
    def whole(self) -> np.ndarray:
        """Light of mother and bud, filled, [2, h, w]."""
        return self.union(self.cell.outline.bodies)

    @functools.cached_property
    def nucleus(self) -> np.ndarray:
        """Light of the nuclear lobes and of what joins them, [2, h, w]."""
        bridge = self.cell.bridge
        return self.union(self.cell.nuclei + (() if bridge is None else (bridge,)))

    @functools.cached_property
    def vacuoles(self) -> np.ndarray:
        """Light of the vacuoles, filled, [2, h, w]."""
        return self.union(self.cell.vacuoles)

    def union(self, shapes: tuple[Ellipsoid, ...]) -> np.ndarray:
        """Light of filled bodies that may overlap, [2, h, w]."""
        lights = (optics.body(self.view, shape) for shape in shapes)
        return functools.reduce(np.maximum, lights)

    def cytosol(self, nuclear: float) -> np.ndarray:
        """Light of a soluble protein, kept out of the vacuoles, [2, h, w].

        Args:
            nuclear: Concentration in the nucleus, relative to the cytosol.
        """
        light = self._around_vacuoles + (nuclear - 1) * self.nucleus
        return np.maximum(light, 0) * self._grain

    @functools.cached_property
    def _around_vacuoles(self) -> np.ndarray:
        return self.whole - self.cell.exclusion * self.vacuoles

    @functools.cached_property
    def _grain(self) -> np.ndarray:
        """Small organelles that no channel shows exclude every soluble protein."""
        return 1 + 0.09 * self.texture

    def number(self, low: float, high: float) -> int:
        """Draws a number of organelles in a range, times the protein's own factor."""
        mean = self.rng.uniform(low, high) * self.protein.count
        return max(1, int(np.round(mean)))

    def spread(self, count: int, deviation: float = 0.35) -> np.ndarray:
        """Draws the brightness of spots, log-normal around 1, [count]."""
        return np.exp(deviation * self.rng.normal(size=count))

    def spots(
        self, points: np.ndarray, weights: float | np.ndarray, size: float
    ) -> np.ndarray:
        """Light of spots [2, h, w]; the protein's own size is added to theirs.

        Args:
            points: Positions of the spots, units, [n, 3].
            weights: Light of each in focus, in square units, a scalar or [n].
            size: Standard deviation of the spots, units.
        """
        return optics.beads(self.view, points, weights, size + self.protein.size)

    def inside(self, count: int) -> np.ndarray:
        """Draws positions in the cytoplasm of mother and bud, [about count, 3]."""
        bodies = self.cell.outline.bodies
        volumes = np.array([shape.radius**3 for shape in bodies])
        shares = self.rng.multinomial(count, volumes / volumes.sum()).tolist()
        points = np.concatenate(
            [
                shape.place(sphere(self.rng, n) * self.rng.uniform(0.3, 0.85, (n, 1)))
                for shape, n in zip(bodies, shares, strict=True)
            ]
        )
        return points[~self._occupied(points)]

    def _occupied(self, points: np.ndarray) -> np.ndarray:
        solid = self.cell.vacuoles + self.cell.nuclei
        return np.any([shape.contains(points) for shape in solid], axis=0)

    def cortex(self, count: int, bud_share: float, depth: float = 1.5) -> np.ndarray:
        """Draws positions under the plasma membrane, [about count, 3].

        Args:
            count: Number of positions before those inside the neck are left out.
            bud_share: Share of them in the bud, if there is one.
            depth: Distance from the membrane, units.
        """
        outline = self.cell.outline
        mother = outline.mother.grown(-depth).place(sphere(self.rng, count))
        if outline.bud is None:
            return mother
        in_bud = self.rng.random(count) < bud_share
        bud = outline.bud.grown(-depth).place(sphere(self.rng, count))
        mother = mother[~in_bud & ~outline.bud.contains(mother)]
        return np.concatenate([mother, bud[in_bud & ~outline.mother.contains(bud)]])
