"""The simulated screens are named settings of one generator."""

from __future__ import annotations

import dataclasses

from deeploc_jax.simulate.classes import DEEPLOC, SWAT, WT2017, ClassList
from deeploc_jax.simulate.microscope.instruments import (
    MANUAL,
    OPERA,
    OTHER,
    SMALL_CHIP,
    TINY_CHIP,
    VARIED,
)
from deeploc_jax.simulate.microscope.plate import Instrument
from deeploc_jax.simulate.outline import Culture

VERSION = '6.0.0'  # raised whenever images, truth or columns change

# Shares of stages an hour and two hours after alpha factor.
ARRESTED = (('unbudded', 0.30), ('small', 0.05), ('large', 0.15), ('shmoo', 0.50))
LATE = (('unbudded', 0.12), ('small', 0.02), ('large', 0.06), ('shmoo', 0.80))


@dataclasses.dataclass(frozen=True)
class Screen:
    """Settings of one simulated screen.

    Attributes:
        name: Name of the config of the data set.
        description: Contents of the screen in a sentence.
        strains: First letters of the names of its proteins.
        num_cells: Number of cells of each condition, over all splits.
        seed: Seed of its proteins, plates and cells, not negative.
        replicate: 0, or the number of a repetition with the same proteins.
        classes: Classes of its cells.
        instrument: Instrument it is imaged with.
        conditions: Pairs of name and culture; every protein is seen in all of them.
        effects: Whether proteins move or change their abundance with the condition.
        mixed: Whether proteins are in two places, with known shares.
        swapped: Whether each cell is shown twice: condition 'same' among its like and
            condition 'foreign' among cells whose protein is elsewhere.
        session_per_field: Whether every field is imaged in a session of its own, with
            optics drawn anew, and not every plate.
    """

    name: str
    description: str
    strains: str = 'SIM'
    num_cells: int = 20_000
    seed: int = 0
    replicate: int = 0
    classes: ClassList = dataclasses.field(default_factory=lambda: DEEPLOC, hash=False)
    instrument: Instrument = OPERA
    conditions: tuple[tuple[str, Culture], ...] = (('', Culture()),)
    effects: bool = False
    mixed: bool = False
    swapped: bool = False
    session_per_field: bool = False


WILD_TYPE = Screen('wild_type', 'Wild-type cells, 20,000, of 19 classes.')
SCREENS = (
    WILD_TYPE,
    *(
        dataclasses.replace(
            WILD_TYPE,
            name=f'replicate_{number}',
            description=f'The proteins of wild_type once more: replicate {number}.',
            replicate=number,
        )
        for number in (1, 2, 3)
    ),
    dataclasses.replace(
        WILD_TYPE,
        name='varied',
        description='Wild-type cells, 32,000, every field with another magnification, '
        'optics, light and noise: to train networks that are to work elsewhere.',
        strains='VAR',
        num_cells=32_000,
        seed=6,
        instrument=VARIED,
        session_per_field=True,
    ),
    Screen(
        'other_microscope',
        'Another microscope, pixel size and far-red marker; 22 classes as in wt2017.',
        strains='FAR',
        num_cells=18_000,
        seed=1,
        classes=WT2017,
        instrument=OTHER,
    ),
    Screen(
        'manual_imaging',
        'RFP-tagged proteins and bright field, no marker; 11 classes as in swat_rfp.',
        strains='MAN',
        num_cells=7_000,
        seed=2,
        classes=SWAT,
        instrument=MANUAL,
    ),
    Screen(
        'alpha_factor',
        'Cells before and 60 and 120 minutes after alpha factor, which arrests them; '
        'a fifth of the proteins moves, 45 % of each after 60 minutes and 85 % after '
        '120; another fifth changes its abundance, up to fourfold after 120.',
        strains='ALF',
        num_cells=7_000,
        seed=3,
        conditions=(
            ('untreated', Culture()),
            ('alpha_60', Culture(radius=17.2, stages=ARRESTED)),
            ('alpha_120', Culture(radius=18.0, stages=LATE)),
        ),
        effects=True,
    ),
    Screen(
        'mixtures',
        'Proteins in two places, the share of each known.',
        strains='MIX',
        num_cells=10_000,
        seed=4,
        mixed=True,
    ),
    Screen(
        'neighbours',
        'Each cell twice, once among its like and once among cells of another '
        'localization.',
        strains='NBR',
        num_cells=5_000,
        seed=5,
        conditions=(('same', Culture()), ('foreign', Culture())),
        swapped=True,
    ),
    dataclasses.replace(
        WILD_TYPE,
        name='small',
        description='Wild-type cells, 1,900, in small fields: for a quick look.',
        num_cells=1_900,
        instrument=SMALL_CHIP,
    ),
    dataclasses.replace(
        WILD_TYPE,
        name='smoke',
        description='Wild-type cells, 380, in tiny fields: to see that all runs.',
        num_cells=380,
        instrument=TINY_CHIP,
    ),
)
