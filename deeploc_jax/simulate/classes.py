"""The 19 classes of the simulated screen, in DeepLoc's index order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deeploc_jax.simulate import compartments, puncta
from deeploc_jax.simulate.specimen import Specimen

PAINTERS: dict[str, Callable[[Specimen], np.ndarray]] = {
    'ACTIN': puncta.actin,
    'BUDNECK': puncta.bud_neck,
    'BUDTIP': puncta.bud_tip,
    'CELLPERIPHERY': compartments.cell_periphery,
    'CYTOPLASM': compartments.cytoplasm,
    'ENDOSOME': puncta.endosome,
    'ER': compartments.er,
    'GOLGI': puncta.golgi,
    'MITOCHONDRIA': compartments.mitochondria,
    'NUCLEARPERIPHERY': compartments.nuclear_periphery,
    'NUCLEI': compartments.nuclei,
    'NUCLEOLUS': compartments.nucleolus,
    'PEROXISOME': puncta.peroxisome,
    'SPINDLE': puncta.spindle,
    'SPINDLEPOLE': puncta.spindle_pole,
    'VACUOLARMEMBRANE': compartments.vacuolar_membrane,
    'VACUOLE': compartments.vacuole,
}
LOCALIZATIONS = tuple(PAINTERS)
CLASS_NAMES = (*LOCALIZATIONS, 'DEAD', 'GHOST')
CHANNELS = ('GFP', 'RFP')

# Cells of each class in the test split of the screen of Chong et al. 2015, whose
# imbalance the simulated screen keeps.
CHONG_TEST_COUNTS = {
    'ACTIN': 93,
    'BUDNECK': 68,
    'BUDTIP': 42,
    'CELLPERIPHERY': 54,
    'CYTOPLASM': 288,
    'ENDOSOME': 222,
    'ER': 532,
    'GOLGI': 197,
    'MITOCHONDRIA': 643,
    'NUCLEARPERIPHERY': 265,
    'NUCLEI': 572,
    'NUCLEOLUS': 398,
    'PEROXISOME': 124,
    'SPINDLE': 24,
    'SPINDLEPOLE': 302,
    'VACUOLARMEMBRANE': 197,
    'VACUOLE': 220,
    'DEAD': 95,
    'GHOST': 180,
}
