"""A tagged protein and what is particular to it."""

from __future__ import annotations

import dataclasses

import numpy as np

MEDIAN_ABUNDANCE = 70.0  # photoelectrons a pixel of a cell filled with the protein
ABUNDANCE_SPREAD = 0.8  # of its natural logarithm
DIMMEST = -0.9  # of those spreads below the median: nobody can place a dimmer protein
# A dim protein without a place is called cytoplasmic, however dim.
CYTOPLASM_SPREAD = 1.3
CYTOPLASM_DIMMEST = -1.9
BRIGHTEST = 1.6


@dataclasses.dataclass(frozen=True)
class Protein:
    """A tagged protein, and the strain that carries it.

    Attributes:
        name: identifier in the screen.
        localization: where most of it is, a key of PAINTERS.
        second: where the rest of it is, the same as localization for most proteins.
        share: part of it (0 to 1) at its localization.
        abundance: photoelectrons a pixel of a cell that were filled with it.
        diffuse: share of the protein (0 to 1) that is free in the cytosol.
        nuclear: concentration of that share in the nucleus, relative to the cytosol.
        count: factor on how many spots or tubes it forms.
        size: standard deviation added to its spots.
    """

    name: str
    localization: str
    second: str
    share: float
    abundance: float
    diffuse: float
    nuclear: float
    count: float
    size: float


def draw_protein(rng: np.random.Generator, name: str, localization: str) -> Protein:
    """A random protein of one localization."""
    diffuse = localization == 'CYTOPLASM'
    dimmest = CYTOPLASM_DIMMEST if diffuse else DIMMEST
    spread = CYTOPLASM_SPREAD if diffuse else ABUNDANCE_SPREAD
    level = np.clip(rng.normal(), dimmest, BRIGHTEST)
    return Protein(
        name=name,
        localization=localization,
        second=localization,
        share=1.0,
        abundance=float(MEDIAN_ABUNDANCE * np.exp(spread * level)),
        diffuse=float(rng.beta(1.2, 6)),
        nuclear=float(rng.uniform(0.6, 1.6)),
        count=float(np.exp(0.3 * rng.normal())),
        size=float(rng.uniform(0, 0.6)),
    )
