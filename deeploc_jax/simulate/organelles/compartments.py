"""Painters of compartments fill cytoplasm, nucleus, nucleolus or vacuole.

Each painter takes a Specimen and returns the light of its class at abundance 1, where a
filled cell has light 1.

References:
    Huh et al. 2003, Nature 425:686: localizations of the proteome, by GFP fusions.
    Jorgensen et al. 2007, Mol. Biol. Cell 18:3523: a nucleus has 7 % of the volume.
    Weisman 2003, Annu. Rev. Genet. 37:435: vacuoles, one to a few a cell.
    Yang et al. 1989, Chromosoma 98:123: the nucleolus lies opposite the spindle pole.
"""

from __future__ import annotations

import functools

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.microscope import optics
from deeploc_jax.simulate.specimen import Specimen


def cytoplasm(specimen: Specimen) -> np.ndarray:
    """CYTOPLASM (GO:0005737): outside the vacuole, more or less in the nucleus."""
    return specimen.cytosol(specimen.protein.nuclear)


def nuclei(specimen: Specimen) -> np.ndarray:
    """NUCLEI (GO:0005634): a filled disc, two in anaphase, paler at the nucleolus.

    Half of the nuclear proteins shuttle: up to a fifth as much of them is in the
    cytosol.
    """
    shuttling = max(specimen.protein.nuclear - 1.2, 0)
    pale = specimen.rng.uniform(0, 0.45) * _nucleolar_body(specimen, 60)
    filled = specimen.nucleus * (1 + 0.08 * specimen.texture)
    return 3.2 * np.maximum(filled - pale, 0) + shuttling * specimen.cytosol(1)


def nucleolus(specimen: Specimen) -> np.ndarray:
    """NUCLEOLUS (GO:0005730): a crescent at the nuclear rim, away from the pole."""
    return 5.0 * _nucleolar_body(specimen, 160)


def _nucleolar_body(specimen: Specimen, count: int) -> np.ndarray:
    """Light of a cap of each nuclear lobe, opposite its pole, of density 1."""
    light = specimen.view.dark()
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
    """VACUOLE (GO:0000328): the lumen of the vacuoles, some lobes fuller than others.

    What is on its way in lights the rim of the lobes in some proteins.
    """
    rng, vacuoles = specimen.rng, specimen.cell.vacuoles
    fill = rng.uniform(0.6, 1, len(vacuoles)).tolist()
    lobes = (
        full * optics.body(specimen.view, vacuole)
        for full, vacuole in zip(fill, vacuoles, strict=True)
    )
    lumen = functools.reduce(np.maximum, lobes)
    rims = sum((optics.shell(specimen.view, v) for v in vacuoles), specimen.view.dark())
    uneven = 1 + rng.uniform(0, 0.35) * specimen.texture
    return 2.6 * lumen * np.maximum(uneven, 0.2) + rng.uniform(0, 4.5) * rims
