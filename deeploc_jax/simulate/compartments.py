"""Proteins that fill a compartment: cytoplasm, nucleus, nucleolus, vacuole.

Each painter takes a Specimen and gives the light of its class at abundance 1, where a
filled cell has light 1.
"""

from __future__ import annotations

import numpy as np

from deeploc_jax.simulate import geometry, optics
from deeploc_jax.simulate.specimen import Specimen


def cytoplasm(specimen: Specimen) -> np.ndarray:
    """CYTOPLASM: diffuse, kept out of the vacuole, more or less out of the nucleus."""
    return specimen.cytosol(specimen.protein.nuclear)


def nuclei(specimen: Specimen) -> np.ndarray:
    """NUCLEI: a filled disc, two in anaphase, a little paler at the nucleolus.

    Some nuclear proteins shuttle, and up to half as much is found in the cytosol.
    """
    shuttling = max(specimen.protein.nuclear - 0.7, 0)
    pale = 0.45 * _nucleolar_body(specimen, 60)
    filled = specimen.nucleus * (1 + 0.08 * specimen.texture)
    return 1.7 * np.maximum(filled - pale, 0) + shuttling * specimen.cytosol(1)


def nucleolus(specimen: Specimen) -> np.ndarray:
    """NUCLEOLUS: a crescent against the nuclear rim, away from the spindle pole."""
    return 2.6 * _nucleolar_body(specimen, 160)


def _nucleolar_body(specimen: Specimen, count: int) -> np.ndarray:
    """A cap of each nuclear lobe, opposite to its pole, as light of density 1."""
    light = optics.dark()
    for lobe, pole in zip(specimen.cell.nuclei, specimen.cell.poles, strict=False):
        away = lobe.unit(2 * lobe.center - pole)[0]
        points = geometry.sphere(specimen.rng, 4 * count)
        points *= specimen.rng.random((4 * count, 1)) ** (1 / 3)
        cap = points[points @ away > 0.28 * np.linalg.norm(away)]
        volume = 4.19 * np.prod(lobe.half_axes) * len(cap) / (4 * count)
        weight = volume / (2 * specimen.view.section) / max(len(cap), 1)
        light += optics.beads(specimen.view, lobe.place(cap), weight, 0.7)
    return light


def vacuole(specimen: Specimen) -> np.ndarray:
    """VACUOLE: the lumen of one to three vacuoles, filled evenly."""
    return 1.9 * specimen.vacuoles
