"""Strains are the proteins of a screen, each with its split and its conditions."""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate.classes import (
    FEWEST_PROTEINS,
    STATES,
    class_of,
    class_sizes,
)
from deeploc_jax.simulate.protein import Protein, draw_protein
from deeploc_jax.simulate.screens import Screen

SPLITS = ('train', 'validation', 'test')
HELD_OUT_SHARE = 0.15  # share of a class's proteins in validation, and again in test
CELLS_PER_PROTEIN = 31  # living cells, on average over a class
MIXED_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # at the first of two localizations
EFFECTS = {'none': 0.6, 'moves': 0.2, 'abundance': 0.2}  # effect -> share of proteins
STAYS = (1.0, 0.55, 0.15)  # share of a mover at its origin, at each time
FOLDS = (0.25, 0.4, 2.5, 4.0)  # fold changes of abundance at the last time


@dataclasses.dataclass(frozen=True)
class Strain:
    """A protein in every condition, its split, and the number of wanted cells.

    Attributes:
        proteins: The protein as it is in each condition.
        split: 'train', 'validation' or 'test'.
        size: Living cells of it in each condition.
    """

    proteins: tuple[Protein, ...]
    split: str
    size: int


def draw_strains(rng: np.random.Generator, screen: Screen) -> list[Strain]:
    """Draws proteins of every class, at least twenty where there are as many cells.

    Raises:
        ValueError: There are too few cells for every class to be in every split.
    """
    sizes = class_sizes(screen.num_cells, screen.classes)
    living = {name: size for name, size in sizes.items() if name not in STATES}
    counts = {
        name: min(max(FEWEST_PROTEINS, round(size / CELLS_PER_PROTEIN)), size)
        for name, size in living.items()
    }
    numbers = iter(rng.permutation(sum(counts.values())).tolist())
    strains = []
    for name, count in counts.items():
        share, more = divmod(living[name], count)
        for i, split in enumerate(_draw_splits(rng, count)):
            localization = str(rng.choice(screen.classes[name]))
            identifier = f'{screen.strains}{next(numbers):04d}'
            protein = draw_protein(rng, identifier, localization)
            proteins = _in_conditions(rng, protein, screen)
            strains.append(Strain(proteins, split, share + (i < more)))
    return strains


def _draw_splits(rng: np.random.Generator, count: int) -> list[str]:
    """Draws a split for each of a class's proteins, every split at least once."""
    held = max(1, round(count * HELD_OUT_SHARE))
    names = ['train'] * (count - 2 * held) + ['validation'] * held + ['test'] * held
    return [names[i] for i in rng.permutation(count)]


def _in_conditions(
    rng: np.random.Generator, protein: Protein, screen: Screen
) -> tuple[Protein, ...]:
    """The protein as it is in each condition."""
    times = len(screen.conditions)
    if screen.mixed:
        share = float(rng.choice(MIXED_SHARES))
        mixed = dataclasses.replace(
            protein, second=_elsewhere(rng, protein, screen), share=share
        )
        return (mixed,) * times
    if not screen.effects:
        return (protein,) * times
    effect = str(rng.choice(list(EFFECTS), p=list(EFFECTS.values())))
    changed = dataclasses.replace(protein, effect=effect)
    if effect == 'moves':
        second = _elsewhere(rng, protein, screen)
        moving = dataclasses.replace(changed, second=second)
        return tuple(dataclasses.replace(moving, share=s) for s in STAYS[:times])
    if effect == 'abundance':
        last = float(rng.choice(FOLDS))
        folds = [last ** (i / (times - 1)) for i in range(times)]
        return tuple(
            dataclasses.replace(
                changed, abundance=protein.abundance * fold, fold_change=fold
            )
            for fold in folds
        )
    return (protein,) * times


def _elsewhere(rng: np.random.Generator, protein: Protein, screen: Screen) -> str:
    """Draws a localization of another class of the screen."""
    own = class_of(screen.classes, protein.localization, 'live')
    others = [covered for name, covered in screen.classes.items() if name != own]
    return str(rng.choice([place for covered in others for place in covered]))
