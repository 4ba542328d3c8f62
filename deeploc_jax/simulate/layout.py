"""The layout of a simulated screen: which protein grows where, which cells are kept.

A pure function of the number of cells and a seed; the pixels come later, cell by cell
(render.py).
"""

from __future__ import annotations

import collections
import dataclasses

import numpy as np

from deeploc_jax.simulate.classes import (
    CLASS_NAMES,
    FEWEST_PROTEINS,
    LOCALIZATIONS,
    class_sizes,
)
from deeploc_jax.simulate.plate import (
    WELLS,
    Field,
    Plate,
    draw_fields,
    draw_plate,
    draw_sites,
)
from deeploc_jax.simulate.protein import Protein, draw_protein

SPLITS = ('train', 'validation', 'test')
HELD_OUT_SHARE = 0.15  # of a class's proteins, for validation and again for test
CELLS_PER_PROTEIN = 55


@dataclasses.dataclass(frozen=True)
class CellSpec:
    """Everything about one cell that is known before it is drawn.

    Attributes:
        index: number of the cell in the screen.
        split: train, validation or test.
        protein: what the cell carries.
        stranger: another protein of the plate, found in contaminating cells.
        plate: where it grows.
        well: its well on the plate.
        field: the image it is in.
        x: column of its centre in the field, pixels.
        y: row of its centre in the field, pixels.
    """

    index: int
    split: str
    protein: Protein
    stranger: Protein
    plate: Plate
    well: str
    field: Field
    x: float
    y: float

    @property
    def label(self) -> int:
        """Index of its class in CLASS_NAMES."""
        return self.protein.label

    @property
    def class_name(self) -> str:
        """Name of its class."""
        return CLASS_NAMES[self.label]

    @property
    def cell_id(self) -> str:
        """Identifier, unique in the screen."""
        return f'{self.plate.name}_{self.well}_{self.field.name}_{self.index:06d}'


@dataclasses.dataclass(frozen=True)
class _Strain:
    """A protein with its split and its number of cells."""

    protein: Protein
    split: str
    size: int


def screen_layout(num_cells: int, seed: int) -> list[CellSpec]:
    """The cells of a screen, in the order of their index.

    Args:
        num_cells: cells in the screen.
        seed: the layout's random seed, not negative.

    Returns:
        One CellSpec a cell: its protein (one class each), plate, well, field, position,
        and its split, which all cells of a protein share.

    Raises:
        ValueError: if there are too few cells for every class to be in every split, or
            the seed is negative.
    """
    if seed < 0:
        raise ValueError(f'seed ({seed}) must not be negative.')
    rng = np.random.default_rng([seed, _LAYOUT_STREAM])
    strains = _draw_strains(rng, class_sizes(num_cells))
    places = rng.permutation(-(-len(strains) // len(WELLS)) * len(WELLS))
    grown: dict[int, list] = collections.defaultdict(list)
    for strain, place in zip(strains, places.tolist(), strict=False):
        plate, well = divmod(place, len(WELLS))
        grown[plate].append((strain, WELLS[well]))
    specs: list[CellSpec] = []
    for number in sorted(grown):
        specs += _plate_specs(rng, f'P{number + 1:02d}', grown[number], len(specs))
    return specs


# Cells draw from (seed, index); no screen has so many of them.
_LAYOUT_STREAM = 2**40


def _plate_specs(rng, name: str, strains: list, start: int) -> list[CellSpec]:
    """The cells of one plate, numbered from start."""
    plate = draw_plate(rng, name)
    specs: list[CellSpec] = []
    for strain, well in strains:
        stranger = strains[rng.integers(len(strains))][0].protein
        fields = draw_fields(rng)
        specs += [
            CellSpec(
                index=start + len(specs) + number,
                split=strain.split,
                protein=strain.protein,
                stranger=stranger,
                plate=plate,
                well=well,
                field=fields[field],
                x=x,
                y=y,
            )
            for number, (field, x, y) in enumerate(draw_sites(rng, strain.size))
        ]
    return specs


def _draw_strains(rng, cells_per_class: dict[str, int]) -> list[_Strain]:
    """Proteins of every class; dead cells and ghosts occur with any localization."""
    counts = {
        name: min(max(FEWEST_PROTEINS, round(size / CELLS_PER_PROTEIN)), size)
        for name, size in cells_per_class.items()
    }
    names = (f'SIM{number:04d}' for number in rng.permutation(sum(counts.values())))
    strains = []
    for label, (name, count) in enumerate(counts.items()):
        share, more = divmod(cells_per_class[name], count)
        for i, split in enumerate(_draw_splits(rng, count)):
            anywhere = LOCALIZATIONS[rng.integers(len(LOCALIZATIONS))]
            shown = name if name in LOCALIZATIONS else anywhere
            protein = draw_protein(rng, next(names), label, shown)
            strains.append(_Strain(protein, split, share + (i < more)))
    return strains


def _draw_splits(rng, count: int) -> list[str]:
    """A split for each of a class's proteins, every split at least once."""
    held = max(1, round(count * HELD_OUT_SHARE))
    names = ['train'] * (count - 2 * held) + ['validation'] * held + ['test'] * held
    return [names[i] for i in rng.permutation(count)]
