"""Segmentations also find dead cells, debris and out-of-focus smears.

Each function returns light [2, h, w] in which a filled cell has light 1; its brightness
differs between channels (cell_light.py).

References:
    Carmona-Gutierrez et al. 2018, Microb. Cell 5:4: how dying yeast looks.
    Chong et al. 2015, Cell 161:1413: dead cells and ghosts as classes of a screen.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate.geometry import Ellipsoid, sphere
from deeploc_jax.simulate.microscope import optics
from deeploc_jax.simulate.specimen import Specimen


def dead(specimen: Specimen) -> np.ndarray:
    """DEAD: shrunken, bright and uneven in all channels, whatever protein it carried.

    The contents clump and fluoresce by themselves, so all channels show one shape.
    """
    rng, bodies = specimen.rng, specimen.cell.outline.bodies
    shrinkage = rng.uniform(0.68, 0.95)
    remains = specimen.union(tuple(_shrunken(shape, shrinkage) for shape in bodies))
    uneven = np.clip(1 + rng.uniform(0.15, 0.6) * specimen.texture, 0.1, None)
    lumps = specimen.inside(int(rng.integers(2, 9))) * shrinkage
    weights = rng.uniform(3, 40) * specimen.spread(len(lumps), 0.6)
    lumps_light = optics.beads(specimen.view, lumps, weights, rng.uniform(1, 2.5))
    return remains * uneven + lumps_light


def _shrunken(shape: Ellipsoid, factor: float) -> Ellipsoid:
    return dataclasses.replace(
        shape, half_axes=factor * shape.half_axes, center=factor * shape.center
    )


def ghost(specimen: Specimen) -> np.ndarray:
    """GHOST: no cell at all: plain background, a smear above the focus, or debris."""
    kind = specimen.rng.choice(3, p=(0.3, 0.4, 0.3))
    if kind == 0:
        return specimen.view.dark()
    return _smear(specimen) if kind == 1 else _debris(specimen)


def _smear(specimen: Specimen) -> np.ndarray:
    """A cell so far from the focal plane that only its haze is left."""
    light = specimen.view.dark()
    light[1] = specimen.whole.sum(0) * specimen.rng.uniform(0.5, 1.6)
    return light


def _debris(specimen: Specimen) -> np.ndarray:
    """A few fragments of all sizes close together."""
    rng = specimen.rng
    count = int(rng.integers(1, 7))
    points = sphere(rng, count) * rng.uniform(0, 14, (count, 1)) * [1, 1, 0.3]
    pieces = tuple(
        Ellipsoid(point, rng.uniform(0.8, 4.5, 3), rng.uniform(0, np.pi))
        for point in points
    )
    return specimen.union(pieces) * rng.uniform(0.5, 1.5)
