"""Painters of bud proteins follow the classes of Kraus et al. 2017.

Each painter takes a Specimen and returns the light of its class at abundance 1, where a
filled cell has light 1. Shmoos grow at their projection as other cells do at the bud.

References:
    Casamayor & Snyder 2002, Curr. Opin. Microbiol. 5:179: landmarks of the bud site.
    Howell & Lew 2012, Genetics 190:51: buds grow at the tip, then all over.
"""

from __future__ import annotations

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.geometry import Ellipsoid
from deeploc_jax.simulate.microscope import optics
from deeploc_jax.simulate.specimen import Specimen


def bud(specimen: Specimen) -> np.ndarray:
    """BUD (GO:0005933, cellular bud): the bud filled, the mother almost empty."""
    grown = _grown(specimen)
    filled = specimen.view.dark() if grown is None else specimen.union((grown,))
    return 1.6 * filled + 0.12 * specimen.cytosol(1)


def bud_periphery(specimen: Specimen) -> np.ndarray:
    """BUDPERIPHERY (GO:0033101, bud membrane): a rim around the bud only."""
    grown = _grown(specimen)
    if grown is None:
        return 0.1 * specimen.cytosol(1)
    return 4.5 * optics.shell(specimen.view, grown)


def bud_site(specimen: Specimen) -> np.ndarray:
    """BUDSITE (GO:0000131, incipient bud site): a patch where a bud will emerge.

    Later it stays at the neck, on the mother's side, and fades as the bud grows.
    """
    outline, rng = specimen.cell.outline, specimen.rng
    ahead = geometry.heading(outline.axis - outline.mother.angle)
    directions = ahead + 0.22 * rng.normal(size=(120, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    host = outline.mother if outline.projection is None else outline.projection
    total = {'unbudded': 110, 'small': 80, 'large': 40, 'shmoo': 110}[outline.stage]
    return specimen.spots(host.grown(-0.8).place(directions), total / 120, 0.5)


def _grown(specimen: Specimen) -> Ellipsoid | None:
    """The bud or projection, or None where there is neither."""
    bodies = specimen.cell.outline.bodies
    return bodies[1] if len(bodies) > 1 else None
