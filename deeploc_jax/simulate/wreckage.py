"""What a segmentation also calls a cell: dead cells, debris, out-of-focus smears.

Both functions give the light (protein channel, marker channel) in photoelectrons.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate import optics
from deeploc_jax.simulate.geometry import Ellipsoid, sphere
from deeploc_jax.simulate.specimen import Specimen

Lights = tuple[np.ndarray, np.ndarray]


def dead(specimen: Specimen, marker: float) -> Lights:
    """DEAD: shrunken, bright and uneven in both channels, whatever it carried.

    Its contents clump and fluoresce on their own, so both channels show the same
    shape; how bright depends on how long ago it died.

    Args:
        specimen: the cell as it was.
        marker: photoelectrons a pixel of the cytosolic marker in living cells.
    """
    rng, bodies = specimen.rng, specimen.cell.outline.bodies
    shrinkage = rng.uniform(0.68, 0.95)
    remains = specimen.union(tuple(_shrunken(shape, shrinkage) for shape in bodies))
    uneven = np.clip(1 + rng.uniform(0.15, 0.6) * specimen.texture, 0.1, None)
    lumps = specimen.inside(int(rng.integers(2, 9))) * shrinkage
    weights = rng.uniform(3, 40) * specimen.spread(len(lumps), 0.6)
    light = remains * uneven + specimen.spots(lumps, weights, rng.uniform(1, 2.5))
    glow = marker * np.exp(0.35 + 0.6 * rng.normal())
    ratio = np.exp(0.35 * rng.normal(size=2))
    return light * np.float32(glow * ratio[0]), light * np.float32(glow * ratio[1])


def _shrunken(shape: Ellipsoid, factor: float) -> Ellipsoid:
    return dataclasses.replace(
        shape, half_axes=factor * shape.half_axes, center=factor * shape.center
    )


def ghost(specimen: Specimen, marker: float) -> Lights:
    """GHOST: no cell at all: plain background, a smear above the focus, or debris.

    Args:
        specimen: where a cell would have been; its outline sizes the smear.
        marker: photoelectrons a pixel of the cytosolic marker in living cells.
    """
    kind = specimen.rng.choice(3, p=(0.3, 0.4, 0.3))
    if kind == 0:
        return optics.dark(), optics.dark()
    light = _smear(specimen) if kind == 1 else _debris(specimen)
    levels = marker * np.exp(specimen.rng.normal((-0.9, -0.4), 0.7))
    return light * np.float32(levels[0]), light * np.float32(levels[1])


def _smear(specimen: Specimen) -> np.ndarray:
    """A cell so far from the focal plane that only its haze is left."""
    light = optics.dark()
    light[1] = specimen.whole.sum(0) * specimen.rng.uniform(0.8, 2.5)
    return light


def _debris(specimen: Specimen) -> np.ndarray:
    """A few fragments near one spot, of all sizes."""
    rng = specimen.rng
    count = int(rng.integers(1, 7))
    points = sphere(rng, count) * rng.uniform(0, 14, (count, 1)) * [1, 1, 0.3]
    pieces = tuple(
        Ellipsoid(point, rng.uniform(0.8, 4.5, 3), rng.uniform(0, np.pi))
        for point in points
    )
    return specimen.union(pieces) * rng.uniform(0.5, 1.5)
