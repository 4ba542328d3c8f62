"""A tagged protein and what is particular to it."""

from __future__ import annotations

import dataclasses

import numpy as np

MEDIAN_ABUNDANCE = 65.0  # photoelectrons a pixel of a cell filled with the protein
ABUNDANCE_SPREAD = 0.65  # of its natural logarithm: a tail of dim proteins


@dataclasses.dataclass(frozen=True)
class Protein:
    """A tagged protein, and the strain that carries it.

    Attributes:
        name: identifier in the screen.
        label: index in CLASS_NAMES of the class that its cells are labelled with.
        localization: name of the class that its living cells show.
        abundance: photoelectrons a pixel of a cell that were filled with it.
        diffuse: share of the protein (0 to 1) that is free in the cytosol.
        nuclear: concentration of that share in the nucleus, relative to the cytosol.
        count: factor on how many spots or tubes it forms.
        size: standard deviation in pixels added to its spots.
    """

    name: str
    label: int
    localization: str
    abundance: float
    diffuse: float
    nuclear: float
    count: float
    size: float


def draw_protein(
    rng: np.random.Generator, name: str, label: int, localization: str
) -> Protein:
    """A random protein of a class; see Protein for the arguments."""
    return Protein(
        name=name,
        label=label,
        localization=localization,
        abundance=float(MEDIAN_ABUNDANCE * np.exp(ABUNDANCE_SPREAD * rng.normal())),
        diffuse=float(rng.beta(1.2, 7)),
        nuclear=float(rng.uniform(0.5, 1.5)),
        count=float(np.exp(0.25 * rng.normal())),
        size=float(rng.uniform(0, 0.35)),
    )
