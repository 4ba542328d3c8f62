"""Painters of foci draw classes of wt2017 that DeepLoc's 19 classes do not have.

Each painter takes a Specimen and returns the light of its class at abundance 1, where a
filled cell has light 1; a spot of weight 10 peaks near 1 in focus.

References:
    Gotta et al. 1996, J. Cell Biol. 134:1349: telomeres in a few nuclear foci.
    Radulovic et al. 2013, Curr. Genet. 59:231: lipid droplets, made at the ER.
    Sheth & Parker 2003, Science 300:805: processing bodies in the cytoplasm.
    Moreira et al. 2009, Mol. Biol. Cell 20:809: eisosomes form in the growing bud.
    Walther et al. 2006, Nature 439:998: eisosomes, large patches that do not move.

The number of foci of each class was chosen by eye.
"""

from __future__ import annotations

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.specimen import Specimen


def cytoplasmic_foci(specimen: Specimen) -> np.ndarray:
    """CYTOPLASMICFOCI (GO:0000932, P-body): one to five spots on a diffuse ground."""
    points = specimen.inside(2 + specimen.number(1, 4))
    light = specimen.spots(points, 26 * specimen.spread(len(points), 0.5), 0.8)
    return light + 0.35 * specimen.cytosol(0.8)


def eisosomes(specimen: Specimen) -> np.ndarray:
    """EISOSOMES (GO:0032126): patches all over the mother's membrane.

    Buds are filled from the neck as they grow; here they are left empty.
    """
    patches = specimen.cortex(specimen.number(22, 45), 0.0, depth=0.8)
    return specimen.spots(patches, 9 * specimen.spread(len(patches), 0.25), 0.4)


def lipid_particles(specimen: Specimen) -> np.ndarray:
    """LIPIDPARTICLES (GO:0005811, lipid droplet): round, many near the nucleus."""
    count = specimen.number(4, 10)
    nucleus = specimen.cell.nuclei[0]
    near = nucleus.grown(1.5).place(geometry.sphere(specimen.rng, -(-count // 2)))
    points = np.concatenate([near, specimen.inside(count)])
    return specimen.spots(points, 18 * specimen.spread(len(points), 0.45), 0.95)


def punctate_nuclear(specimen: Specimen) -> np.ndarray:
    """PUNCTATENUCLEAR (GO:0016604, GO:0000781): two to six foci, a faint nucleus.

    They are nuclear bodies or clusters of telomeres: GO has no term for both.
    """
    light = 0.5 * specimen.nucleus
    for lobe in specimen.cell.nuclei:
        count = specimen.number(2, 5)
        inside = geometry.sphere(specimen.rng, count)
        inside *= specimen.rng.uniform(0.3, 0.85, (count, 1))
        weights = 22 * specimen.spread(count, 0.4)
        light = light + specimen.spots(lobe.place(inside), weights, 0.4)
    return light


def nothing(specimen: Specimen) -> np.ndarray:
    """NONE: nothing above the cell's own fluorescence."""
    return specimen.view.dark()
