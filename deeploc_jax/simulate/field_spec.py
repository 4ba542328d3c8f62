"""What is known of a field before anything is drawn."""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate.outline import Culture
from deeploc_jax.simulate.plate import Plate
from deeploc_jax.simulate.protein import Protein


@dataclasses.dataclass(frozen=True)
class FieldSpec:
    """One image of a well; a field is a pure function of it.

    Attributes:
        seed: of the screen and its replicate.
        stream: number of the field's random stream. Fields of one stream show the same
            cells in the same places, whatever else differs.
        split: train, validation or test.
        condition: treatment of the plate, '' for none.
        replicate: number of the repetition of the screen, '' for the screen itself.
        plate: where it grows.
        well: its well on the plate.
        name: number of the field in its well.
        protein: what its cells carry.
        stranger: another protein, found in contaminating cells.
        around: what the cells between the wanted ones carry; None: the same.
        apart: whether wanted cells keep out of each other's crops.
        culture: how its cells are shaped.
        focus: focal plane above the middle of the cells, units.
        crowd: cells in the field.
        wanted: how many cells of each state the screen takes from here.
        first: index in the screen of the first of them.
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
        """A random stream: -1 of the noise, 0 of the layout, 1 and up of the cells."""
        return np.random.default_rng([*self.seed, self.stream, number + 1])
