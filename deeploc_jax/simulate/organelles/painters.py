"""Each localization that a simulated protein can have has a painter of its light."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deeploc_jax.simulate.organelles import (
    buds,
    compartments,
    division,
    foci,
    membranes,
    puncta,
)
from deeploc_jax.simulate.specimen import Specimen

PAINTERS: dict[str, Callable[[Specimen], np.ndarray]] = {
    'ACTIN': puncta.actin,
    'BUD': buds.bud,
    'BUDNECK': division.bud_neck,
    'BUDPERIPHERY': buds.bud_periphery,
    'BUDSITE': buds.bud_site,
    'BUDTIP': division.bud_tip,
    'CELLPERIPHERY': membranes.cell_periphery,
    'CYTOPLASM': compartments.cytoplasm,
    'CYTOPLASMICFOCI': foci.cytoplasmic_foci,
    'EISOSOMES': foci.eisosomes,
    'ENDOSOME': puncta.endosome,
    'ER': membranes.er,
    'GOLGI': puncta.golgi,
    'LIPIDPARTICLES': foci.lipid_particles,
    'MITOCHONDRIA': membranes.mitochondria,
    'NONE': foci.nothing,
    'NUCLEARPERIPHERY': membranes.nuclear_periphery,
    'NUCLEI': compartments.nuclei,
    'NUCLEOLUS': compartments.nucleolus,
    'PEROXISOME': puncta.peroxisome,
    'PUNCTATENUCLEAR': foci.punctate_nuclear,
    'SPINDLE': division.spindle,
    'SPINDLEPOLE': division.spindle_pole,
    'VACUOLARMEMBRANE': membranes.vacuolar_membrane,
    'VACUOLE': compartments.vacuole,
}


def protein_light(specimen: Specimen) -> np.ndarray:
    """Light [2, h, w] of a cell's protein at abundance 1, in one place or in two."""
    protein = specimen.protein
    bound = PAINTERS[protein.localization](specimen)
    if protein.share < 1:
        other = PAINTERS[protein.second](specimen)
        bound = protein.share * bound + (1 - protein.share) * other
    free = specimen.cytosol(protein.nuclear)
    return (1 - protein.diffuse) * bound + protein.diffuse * free
