"""A tagged protein and what is particular to it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

MEDIAN_ABUNDANCE = 85.0  # photoelectrons a pixel of a filled cell, before any limit
ABUNDANCE_SPREAD = 0.8  # of its natural logarithm
DIMMEST = -0.5  # of those spreads below the median: nobody can place a dimmer protein
BRIGHTEST = 2.0
# Tubes are seen even when dim; a protein without a place is called cytoplasmic. Their
# abundances are log-uniform, from here to as far above the median, or to BRIGHTEST.
PLACED_WHEN_DIM = {'MITOCHONDRIA': -1.5, 'CYTOPLASM': -2.8}


@dataclasses.dataclass(frozen=True)
class Protein:
    """A tagged protein, and the strain that carries it.

    Attributes:
        name: identifier in the screen.
        localization: where it is, before any treatment all or most of it; a key of
            PAINTERS.
        second: where the rest of it is, or goes; for most proteins the same.
        share: part of it (0 to 1) at its localization.
        abundance: photoelectrons a pixel of a cell that were filled with it.
        diffuse: share of the protein (0 to 1) that is free in the cytosol.
        nuclear: concentration of that share in the nucleus, relative to the cytosol.
        count: factor on how many spots or tubes it forms.
        size: standard deviation added to its spots.
        effect: what the conditions of its screen do to it: none, moves or abundance.
        fold_change: its abundance over that before any treatment.
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
    effect: str = 'none'
    fold_change: float = 1.0

    def truth(self) -> dict[str, Any]:
        """What tables say of it, in words that need no other row.

        A protein that does not move has its origin as destination, also one that is in
        two places.
        """
        moves = self.effect == 'moves'
        return dict(
            protein=self.name,
            localization=self.localization,
            second=self.second,
            share=self.share,
            effect=self.effect,
            origin=self.localization,
            destination=self.second if moves else self.localization,
            abundance=self.abundance,
            fold_change=self.fold_change,
        )


def draw_protein(rng: np.random.Generator, name: str, localization: str) -> Protein:
    """A random protein of one localization."""
    level = _draw_level(rng, localization)
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


def _draw_level(rng: np.random.Generator, localization: str) -> float:
    """Logarithm of an abundance, in spreads from the median.

    Proteins too dim to be placed are not in a screen, so the normal distribution is
    truncated. Clipping would give a third of the proteins the same abundance.
    """
    if localization in PLACED_WHEN_DIM:
        dimmest = PLACED_WHEN_DIM[localization]
        return rng.uniform(dimmest, min(-dimmest, BRIGHTEST))
    # What is drawn next from `rng` does not depend on how often a level is redrawn.
    level, (again,) = rng.normal(), rng.spawn(1)
    while not DIMMEST < level < BRIGHTEST:
        level = again.normal()
    return level
