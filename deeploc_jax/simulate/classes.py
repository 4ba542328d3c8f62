"""The 19 classes of the simulated screen, in DeepLoc's index order, and their sizes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deeploc_jax.simulate import compartments, division, membranes, puncta
from deeploc_jax.simulate.specimen import Specimen

PAINTERS: dict[str, Callable[[Specimen], np.ndarray]] = {
    'ACTIN': puncta.actin,
    'BUDNECK': division.bud_neck,
    'BUDTIP': division.bud_tip,
    'CELLPERIPHERY': membranes.cell_periphery,
    'CYTOPLASM': compartments.cytoplasm,
    'ENDOSOME': puncta.endosome,
    'ER': membranes.er,
    'GOLGI': puncta.golgi,
    'MITOCHONDRIA': membranes.mitochondria,
    'NUCLEARPERIPHERY': membranes.nuclear_periphery,
    'NUCLEI': compartments.nuclei,
    'NUCLEOLUS': compartments.nucleolus,
    'PEROXISOME': puncta.peroxisome,
    'SPINDLE': division.spindle,
    'SPINDLEPOLE': division.spindle_pole,
    'VACUOLARMEMBRANE': membranes.vacuolar_membrane,
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

RAREST_SHARE = 1 / 80  # of all cells: 250 of 20,000
FEWEST_PROTEINS = 12  # in a class, when it has as many cells
NUM_SPLITS = 3  # train, validation, test


def class_sizes(num_cells: int) -> dict[str, int]:
    """Cells of each class: the real screen's imbalance, with a floor for rare ones.

    Args:
        num_cells: cells in the screen.

    Raises:
        ValueError: if a class could not have a cell in every split.
    """
    fewest = NUM_SPLITS * len(CLASS_NAMES)
    if num_cells < fewest:
        raise ValueError(
            f'num_cells ({num_cells}) must be at least {fewest}: each of the '
            f'{len(CLASS_NAMES)} classes needs a cell in each split.'
        )
    even = num_cells // len(CLASS_NAMES)
    floor = max(int(num_cells * RAREST_SHARE), min(FEWEST_PROTEINS, even))
    counts = np.array([CHONG_TEST_COUNTS[name] for name in CLASS_NAMES], float)
    sizes = _with_floor(counts / counts.sum(), num_cells, floor)
    return dict(zip(CLASS_NAMES, sizes.tolist(), strict=True))


def _with_floor(shares: np.ndarray, total: int, floor: int) -> np.ndarray:
    """Whole numbers that add up to total, near shares * total, none below floor."""
    small = np.zeros(len(shares), bool)
    for _ in shares:
        rest = total - floor * small.sum()
        ideal = np.where(small, floor, rest * shares / shares[~small].sum())
        if (ideal[~small] >= floor).all() or small.sum() == len(shares) - 1:
            break
        small |= ideal < floor
    sizes = np.floor(ideal).astype(int)
    order = np.argsort(sizes - ideal, kind='stable')
    sizes[order[: total - sizes.sum()]] += 1
    return sizes
