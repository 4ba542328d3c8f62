"""Simulated screens have the class lists of three real screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

ClassList = Mapping[str, tuple[str, ...]]
"""Class name, in index order -> localizations (organelles/painters.py) it covers."""

# Cells of each class in the test split of Kraus et al. 2017, made of cells of Chong et
# al. 2015. Simulated screens of these classes keep the imbalance.
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
STATES = {'DEAD': 'dead', 'GHOST': 'ghost'}  # classes without a localization
DEEPLOC: ClassList = {
    name: () if name in STATES else (name,) for name in CHONG_TEST_COUNTS
}
CLASS_NAMES = tuple(DEEPLOC)
WT2017: ClassList = {
    'Actin': ('ACTIN',),
    'Bud': ('BUD',),
    'Bud_Neck': ('BUDNECK',),
    'Bud_Periphery': ('BUDPERIPHERY',),
    'Bud_Site': ('BUDSITE',),
    'Cell_Periphery': ('CELLPERIPHERY',),
    'Cytoplasm': ('CYTOPLASM',),
    'Cytoplasmic_Foci': ('CYTOPLASMICFOCI',),
    'Eisosomes': ('EISOSOMES',),
    'Endoplasmic_Reticulum': ('ER',),
    'Endosome': ('ENDOSOME',),
    'Golgi': ('GOLGI',),
    'Lipid_Particles': ('LIPIDPARTICLES',),
    'Mitochondria': ('MITOCHONDRIA',),
    'None': ('NONE',),
    'Nuclear_Periphery': ('NUCLEARPERIPHERY',),
    'Nucleolus': ('NUCLEOLUS',),
    'Nucleus': ('NUCLEI',),
    'Peroxisomes': ('PEROXISOME',),
    'Punctate_Nuclear': ('PUNCTATENUCLEAR',),
    'Vacuole': ('VACUOLE',),
    'Vacuole_Periphery': ('VACUOLARMEMBRANE',),
}
SWAT: ClassList = {
    'ER': ('ER',),
    'bud': ('BUD', 'BUDTIP', 'BUDPERIPHERY'),
    'bud_neck': ('BUDNECK',),
    'cell_periphery': ('CELLPERIPHERY',),
    'cytosol': ('CYTOPLASM',),
    'mitochondria': ('MITOCHONDRIA',),
    'nuclear_periphery': ('NUCLEARPERIPHERY',),
    'nucleus': ('NUCLEI', 'NUCLEOLUS'),
    'punctate': ('ENDOSOME', 'GOLGI', 'PEROXISOME', 'LIPIDPARTICLES'),
    'vacuole': ('VACUOLE',),
    'vacuole_membrane': ('VACUOLARMEMBRANE',),
}

FEWEST_CELLS = 12  # smallest class, when the screen is large enough
RAREST_SHARE = 1 / 80  # smallest share of all cells: 250 of 20,000
FEWEST_PROTEINS = 20  # in a class that has as many cells
NUM_SPLITS = 3  # train, validation, test


def class_of(classes: ClassList, localization: str, state: str) -> str:
    """Name of the class of a cell, or '' where no class covers it.

    Args:
        classes: Class list of the screen.
        localization: Localization of the cell's protein, a key of PAINTERS.
        state: 'live', 'dead' or 'ghost'.
    """
    for name, covered in classes.items():
        if STATES.get(name) == state or (state == 'live' and localization in covered):
            return name
    return ''


def main_localization(cell: Mapping[str, Any]) -> str:
    """Localization of most of the protein of a described cell (field.py)."""
    return cell['localization'] if cell['share'] >= 0.5 else cell['second']


def labels_of(classes: ClassList, cell: Mapping[str, Any]) -> dict[str, str]:
    """Names of the classes of a described cell (field.py).

    Returns:
        `label`, the class by most of its protein; `origin_label` and
        `destination_label`, those of the protein, also where the cell is dead.
    """
    return dict(
        label=class_of(classes, main_localization(cell), cell['state']),
        origin_label=class_of(classes, cell['origin'], 'live'),
        destination_label=class_of(classes, cell['destination'], 'live'),
    )


def class_sizes(num_cells: int, classes: ClassList = DEEPLOC) -> dict[str, int]:
    """Number of cells of each class.

    Args:
        num_cells: Cells in the screen.
        classes: Class list: that of Chong et al. 2015 keeps its imbalance, with a
            floor; the classes of any other are of equal size.

    Raises:
        ValueError: There are too few cells for every class to be in every split.
    """
    fewest = NUM_SPLITS * len(classes)
    if num_cells < fewest:
        raise ValueError(
            f'num_cells ({num_cells}) must be at least {fewest}: each of the '
            f'{len(classes)} classes needs a cell in each split.'
        )
    even = num_cells // len(classes)
    floor = max(int(num_cells * RAREST_SHARE), min(FEWEST_CELLS, even))
    counts = CHONG_TEST_COUNTS if classes is DEEPLOC else dict.fromkeys(classes, 1)
    weights = np.array(list(counts.values()), float)
    sizes = _with_floor(weights / weights.sum(), num_cells, min(floor, even))
    return dict(zip(classes, sizes.tolist(), strict=True))


def _with_floor(shares: np.ndarray, total: int, floor: int) -> np.ndarray:
    """Integers near shares * total that add up to total, none below floor."""
    small = np.zeros(len(shares), bool)
    while True:  # at most one round for each share
        rest = total - floor * small.sum()
        ideal = np.where(small, floor, rest * shares / shares[~small].sum())
        if (ideal[~small] >= floor).all() or small.sum() == len(shares) - 1:
            break
        small |= ideal < floor
    sizes = np.floor(ideal).astype(int)
    order = np.argsort(sizes - ideal, kind='stable')
    sizes[order[: total - sizes.sum()]] += 1
    return sizes
