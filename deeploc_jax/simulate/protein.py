"""A tagged protein and what is particular to it."""

from __future__ import annotations

import dataclasses

import numpy as np

MEDIAN_ABUNDANCE = 85.0  # photoelectrons a pixel of a cell filled with the protein
ABUNDANCE_SPREAD = 0.8  # of its natural logarithm
DIMMEST = -0.5  # of those spreads below the median: nobody can place a dimmer protein
BRIGHTEST = 2.0
# Tubes are seen even when dim; a protein without a place is called cytoplasmic.
PLACED_WHEN_DIM = {'MITOCHONDRIA': -1.5, 'CYTOPLASM': -2.8}


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
    dimmest = PLACED_WHEN_DIM.get(localization, DIMMEST)
    brightest = min(-dimmest, BRIGHTEST)
    widened = dimmest < DIMMEST
    level = rng.uniform(dimmest, brightest) if widened else rng.normal()
    level = np.clip(level, dimmest, BRIGHTEST)
    return Protein(
        name=name,
        localization=localization,
        second=localization,
        share=1.0,
        abundance=float(MEDIAN_ABUNDANCE * np.exp(ABUNDANCE_SPREAD * level)),
        diffuse=float(rng.beta(1.2, 9)),
        nuclear=float(rng.uniform(0.6, 1.9)),
        count=float(np.exp(0.2 * rng.normal())),
        size=float(rng.uniform(0, 0.4)),
    )
