"""Plates of micrographs become the proteins that moved, by one command.

    python launch.py --config=configs/screen.py --config.source=lean-sim \
        --config.fields=fields.csv --config.channels=protein=GFP,marker=RFP \
        --config.before=untreated --workdir=runs/screen
    python launch.py --config=configs/screen.py:sim --workdir=runs/screen-sim

The first takes your plates (docs/fields.md says how to describe them; look first with
--config.dry_run=true), the second simulates a small screen before and two hours after
alpha factor and needs no download. Each stage is a config of its own, in a folder of
its own; --config.score.outlines=true sets a field of one. Run the same command again to
continue.

    plates/     configs/simulate.py, only for `sim`: the micrographs and the truth
    scored/     configs/score.py: a row for every cell, a page of the plates
    profiles/   configs/profile.py: a row for every well and protein, a page of proteins
    movers/     configs/compare.py: the proteins that moved, and their page

Result: `report.html`, which leads to the page of the proteins that moved and to all
else. With several conditions after `before` each has its `movers-<condition>/`; with
one condition there is nothing to compare, and the page of proteins is what counts.
`sim`, simulated, has 18,600 cells in 178 fields; of 77 proteins that can be compared it
calls 16, all of them among the 18 that move. The error rate holds in the mean over such
screens, not in each of them (docs/results/movers.md).
Time: one and three quarter minutes for `sim` on two cores (AMD EPYC) beside a training,
140 s of CPU time.
"""

import ml_collections
from ml_collections import config_dict

from configs import compare, profile, score, simulate


def get_config(variant: str = '') -> ml_collections.ConfigDict:
    """All stages with their defaults; `sim` also simulates the plates.

    Raises:
        ValueError: There is no such variant.
    """
    if variant not in ('', 'sim'):
        raise ValueError(f'{variant!r} is no variant of screen.py; there is sim.')
    config = ml_collections.ConfigDict()
    config.task = 'screen'  # module of deeploc_jax/tasks; fixed
    # Workdir of a training, a folder of weights, or lean-sim; required.
    config.source = config_dict.placeholder(str)
    # Fields, channels and plate_map are those of score.py.
    config.fields = config_dict.placeholder(str)
    # Roles of the channels: protein=GFP,marker=RFP.
    config.channels = config_dict.placeholder(str)
    # Table of what is in the wells; no value: none.
    config.plate_map = config_dict.placeholder(str)
    # Condition that the others are compared with; required where there are several.
    config.before = config_dict.placeholder(str)
    config.dry_run = False  # True: say what was understood of the fields, and stop
    config.score = score.get_config()  # a stage; fields that stand above count there
    config.profile = profile.get_config()  # a stage; its cells are those of the screen
    config.compare = compare.get_config()  # a stage; `before` above, `after` all others
    if variant == 'sim':
        config.source = 'lean-sim'  # a network that saw none of these proteins
        config.channels = 'protein=GFP,marker=RFP'  # as the plates have them
        config.before = 'untreated'  # as the plates have it
        config.plates = simulate.get_config('alpha_factor')  # a stage
        config.plates.conditions = 'untreated,alpha_120'  # those that are simulated
        config.plates.wells = 12  # of each plate, at least 1
        config.score.crops = 1  # views of a cell: 1 or 5
    return config
