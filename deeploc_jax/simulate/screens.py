"""The simulated screens by name: settings of one generator."""

from __future__ import annotations

import dataclasses

from deeploc_jax.simulate.camera import Camera
from deeploc_jax.simulate.classes import DEEPLOC, SWAT, WT2017, ClassList
from deeploc_jax.simulate.outline import Culture
from deeploc_jax.simulate.plate import Channel, Instrument

OPERA = Instrument(
    channels=(
        Channel('GFP', 'protein', (1.3, 2.3), glow=(5, 20), registered=False),
        Channel('RFP', 'cytosol', (1.4, 2.4), level=68),
    )
)
SMALL_CHIP = dataclasses.replace(OPERA, field_shape=(320, 432))
TINY_CHIP = dataclasses.replace(OPERA, field_shape=(192, 256))
OTHER = Instrument(
    channels=(
        Channel('GFP', 'protein', (0.9, 1.5), glow=(3, 9), registered=False),
        Channel('far_red', 'cytosol', (1.3, 2.0), level=28, background=(1, 4)),
        Channel('nucleus', 'nucleus', (1.0, 1.7), level=45, glow=(1, 3)),
    ),
    scale=0.84,
    section=(4.0, 6.0),
    haze=(0.05, 0.2),
    vignette=(0.0, 0.15),
    field_shape=(1080, 1080),
    camera=Camera(offset=400, gain=2.2, read_noise=1.6, maximum=65535),
)
MANUAL = Instrument(
    channels=(
        Channel('RFP', 'protein', (1.0, 1.9), level=8, glow=(10, 40), registered=False),
        Channel('brightfield', 'brightfield', (0.8, 1.2), level=600),
    ),
    scale=0.62,
    section=(9.0, 14.0),  # not confocal
    haze=(0.5, 0.9),
    heights=(1.0, 3.0),
    field_shape=(640, 840),
    camera=Camera(offset=200, gain=3.0, read_noise=4.0, maximum=16383),
)
ARRESTED = (('unbudded', 0.30), ('small', 0.05), ('large', 0.15), ('shmoo', 0.50))
LATE = (('unbudded', 0.12), ('small', 0.02), ('large', 0.06), ('shmoo', 0.80))


@dataclasses.dataclass(frozen=True)
class Screen:
    """What distinguishes one simulated screen from the others.

    Attributes:
        name: as a config of the data set.
        description: in a sentence.
        strains: first letters of the names of its proteins.
        num_cells: in all splits together, of each condition.
        seed: of its proteins, plates and cells, not negative.
        replicate: 0, or the number of a repetition with the same proteins.
        classes: of its cells.
        instrument: it is imaged with.
        conditions: name and culture of each; every protein is seen in all of them.
        effects: whether proteins move or change their abundance with the condition.
        mixed: whether proteins are in two places, in known parts.
        swapped: whether each cell is shown twice, condition 'same' among its like and
            condition 'foreign' among cells whose protein is elsewhere.
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
        'some proteins move, some change their abundance, most do neither.',
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
