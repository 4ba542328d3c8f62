"""Tagged proteins differ in localization, abundance and the spots they form."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

MEDIAN_ABUNDANCE = 85.0  # photoelectrons per pixel of a filled cell, before truncation
ABUNDANCE_SPREAD = 0.8  # sd of the natural logarithm of the abundance
# Limits in such spreads from the median: nobody can place a dimmer protein.
DIMMEST = -0.5
BRIGHTEST = 2.0
# Tubes are seen even when dim; a protein without a place is called cytoplasmic. Their
# abundances are log-uniform, from here to as far above the median, or to BRIGHTEST.
PLACED_WHEN_DIM = {'MITOCHONDRIA': -1.5, 'CYTOPLASM': -2.8}


@dataclasses.dataclass(frozen=True)
class Protein:
    """A tagged protein, and the strain that carries it.

    Attributes:
        name: Identifier in the screen.
        localization: Localization of all or most of it before any treatment, a key of
            PAINTERS.
        second: Localization of the rest, or the one it moves to; for most proteins the
            same.
        share: Share of it, 0 to 1, at `localization`.
        abundance: Photoelectrons per pixel of a cell filled with it.
        diffuse: Share of it, 0 to 1, that is free in the cytosol.
        nuclear: Concentration of that share in the nucleus, relative to the cytosol.
        count: Factor on the number of spots or tubes it forms.
        size: Standard deviation added to its spots, units.
        effect: Effect of the conditions of its screen: 'none', 'moves' or 'abundance'.
        fold_change: Abundance divided by that before any treatment.
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
        """Columns of tables that describe the protein without any other row.

        The destination of a protein that does not move is its origin, also when it is
        in two places.
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
    """Draws a random protein of one localization."""
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
        size=float(rng.uniform(0, 0.9)),
    )


def _draw_level(rng: np.random.Generator, localization: str) -> float:
    """Draws the logarithm of an abundance, in spreads from the median.

    Proteins too dim to be placed are not in a screen, so the normal distribution is
    truncated. Clipping would give a third of the proteins the same abundance.
    """
    if localization in PLACED_WHEN_DIM:
        dimmest = PLACED_WHEN_DIM[localization]
        return rng.uniform(dimmest, min(-dimmest, BRIGHTEST))
    # Redrawing uses a stream of its own, so that later draws from `rng` stay the same.
    level, (again,) = rng.normal(), rng.spawn(1)
    while not DIMMEST < level < BRIGHTEST:
        level = again.normal()
    return level
