"""A spec holds what is known of a field before anything is drawn."""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate.microscope.plate import Plate
from deeploc_jax.simulate.outline import Culture
from deeploc_jax.simulate.protein import Protein


@dataclasses.dataclass(frozen=True)
class FieldSpec:
    """One image of a well; a field is a pure function of it.

    Attributes:
        seed: Seed of the screen and number of its replicate.
        stream: Number of the field's random stream. Fields of one stream show the same
            cells in the same places, whatever else differs.
        split: 'train', 'validation' or 'test'.
        condition: Treatment of the plate, '' for none.
        replicate: Number of the repetition of the screen, '' for the screen itself.
        plate: Plate as it is in this field.
        well: Well on the plate.
        name: Number of the field in its well.
        protein: Protein that its cells carry.
        stranger: Another protein, found in contaminating cells.
        around: Protein of the cells between the wanted ones; None for the same.
        apart: Whether wanted cells keep out of each other's crops.
        culture: Shapes of its cells.
        focus: Height of the focal plane above the middle of the cells, units.
        crowd: Number of cells in the field.
        wanted: Number of cells of each state that the screen takes from here.
        first: Index in the screen of the first of them.
    """

    seed: tuple[int, ...]
    stream: int
    split: str
    condition: str
    replicate: str
    plate: Plate
    well: str
    name: str
    protein: Protein
    stranger: Protein
    around: Protein | None
    apart: bool
    culture: Culture
    focus: float
    crowd: int
    wanted: tuple[tuple[str, int], ...]
    first: int

    @property
    def name_of_image(self) -> str:
        """Plate, well and field in one, unique in the screen."""
        return f'{self.plate.name}_{self.well}_{self.name}'

    def generator(self, number: int) -> np.random.Generator:
        """A random stream: -1 for the noise, 0 for the layout, from 1 on for a cell."""
        return np.random.default_rng([*self.seed, self.stream, number + 1])
