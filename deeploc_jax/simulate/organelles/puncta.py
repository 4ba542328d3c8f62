"""Painters of spots draw actin patches, endosomes, Golgi cisternae and peroxisomes.

Each painter takes a Specimen and returns the light of its class at abundance 1, where a
filled cell has light 1; a spot of weight 10 peaks near 1 in focus.

References:
    Adams & Pringle 1984, J. Cell Biol. 98:934: actin patches and cables.
    Day, Casler & Glick 2018, Dev. Cell 44:56: endosomes beside the vacuole.
    Losev et al. 2006, Nature 441:1002: Golgi cisternae that are not stacked.
    Mukherji & O'Shea 2014, eLife 3:e02678: numbers of organelles from cell to cell.

The number of spots of each class was chosen by eye: there are more peroxisomes than the
three or so of haploid cells on glucose.
"""

from __future__ import annotations

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.microscope import optics
from deeploc_jax.simulate.specimen import Specimen


def actin(specimen: Specimen) -> np.ndarray:
    """ACTIN (GO:0030479, actin cortical patch): most in the growing bud, faint cables.

    Before a bud emerges the patches gather around the site where it will be.
    """
    outline = specimen.cell.outline
    patches = specimen.cortex(specimen.number(16, 32), 0.62)
    if outline.bud is None:
        ahead = (patches - outline.mother.center) @ geometry.heading(outline.axis)
        drawn = specimen.rng.random(len(patches)) < 0.45 + 0.5 * (ahead > 0)
        patches = patches[drawn]
    light = specimen.spots(patches, 26 * specimen.spread(len(patches)), 0.5)
    return light + _cables(specimen)


def _cables(specimen: Specimen) -> np.ndarray:
    """Light of bundles of filaments that run from the neck through the mother."""
    outline, rng = specimen.cell.outline, specimen.rng
    ends = outline.mother.place(geometry.sphere(rng, 3) * 0.85)
    along = np.linspace(0, 1, 24)[:, None, None]
    points = (outline.neck + along * (ends - outline.neck)).reshape(-1, 3)
    return specimen.spots(points, 0.9, 0.3)


def endosome(specimen: Specimen) -> np.ndarray:
    """ENDOSOME (GO:0005768): three to seven large spots or rods against the vacuole.

    The cytosol shines too, and in some proteins the membrane of the vacuole.
    """
    rng, vacuoles = specimen.rng, specimen.cell.vacuoles
    count = specimen.number(3, 7)
    hosts = rng.integers(len(vacuoles), size=count)
    height = rng.uniform(0.5, 2.5, count)
    directions = geometry.sphere(rng, count) * [1, 1, 0.6]
    along = rng.uniform(0, 0.35, (count, 1)) * geometry.sphere(rng, count)
    rods = directions[:, None] + np.array([-1, 0, 1])[:, None] * along[:, None]
    rods /= np.linalg.norm(rods, axis=2, keepdims=True)
    points = np.concatenate(
        [
            vacuoles[host].grown(above).place(rod)
            for host, above, rod in zip(hosts, height, rods, strict=True)
        ]
    )
    weights = np.repeat(18 * specimen.spread(count), 3)
    rims = [optics.shell(specimen.view, vacuole) for vacuole in vacuoles]
    ground = max(specimen.protein.nuclear - 1.2, 0) * sum(rims, specimen.view.dark())
    ground = ground + rng.uniform(0.1, 1.4) * specimen.cytosol(0.8)
    return ground + specimen.spots(points, weights, 1.2)


def golgi(specimen: Specimen) -> np.ndarray:
    """GOLGI (GO:0005794): twelve to twenty-five scattered cisternae, uneven.

    Vesicles too small to be seen one by one fill the cytosol between them.
    """
    inside = specimen.inside(specimen.number(7, 14))  # less those inside organelles
    outer = specimen.cortex(specimen.number(9, 20), 0.3, depth=4)
    points = np.concatenate([inside, outer])
    between = specimen.rng.uniform(0, 0.6) * specimen.cytosol(0.3)
    return between + specimen.spots(points, 54 * specimen.spread(len(points)), 1.6)


def peroxisome(specimen: Specimen) -> np.ndarray:
    """PEROXISOME (GO:0005777): five to twelve spots below the resolution, alike."""
    inside = specimen.inside(specimen.number(4, 10))  # less those inside organelles
    points = np.concatenate([inside, specimen.cortex(specimen.number(1, 6), 0.3, 3.0)])
    return specimen.spots(points, 44 * specimen.spread(len(points), 0.2), 0.1)
