"""Simulated cells are compared with real ones: pictures, statistics, a classifier.

    python launch.py --config=configs/realism.py --config.real.screen=own_screen/mine \
        --config.real.group_by=field --config.classes=MITOCHONDRIA,CYTOPLASM

Needs `pip install -e '.[baseline]'`.

Result: a page, and the AUC of a random forest that separates real from simulated cells
(0.5 would be perfect): 0.950 (folds 0.959, 0.957, 0.933) for 1,220 real cells of Chong
et al. 2015 beside yeast_sim 3.0.0, seed 0.
Time: not measured on those cells; 31 s for two times 380 simulated cells on two CPU
cores that had other work too (12 s of CPU time).
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """As many cells of each class from both screens."""
    config = ml_collections.ConfigDict()
    config.task = 'realism'  # module of deeploc_jax/tasks; fixed
    config.seed = 0  # any integer from 0: cells that are drawn, forest, folds
    config.real = dict(
        screen=config_dict.placeholder(str),  # screen of real cells; required
        split='train+validation+test',  # splits with + between them; slices allowed
        # Cells that are equal in this are held out together: cell_id, screen,
        # condition, replicate, plate, well, field or protein.
        group_by='field',
    )
    config.simulated = dict(
        screen='yeast_sim',  # yeast_sim or yeast_sim/<config>, with as many channels
        split='train+validation+test',  # splits with + between them; slices allowed
        group_by='plate',  # as above
    )
    # Classes, in capitals or not: MITOCHONDRIA,CYTOPLASM; no value: all that both have.
    config.classes = config_dict.placeholder(str)
    config.cells = 1000  # cells of each class and side at most
    config.shown = 12  # cells of each class and side on the sheet
    # Folder of prepared screens; no value: ~/tensorflow_datasets.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value:
    # <data_dir>/downloads/manual.
    config.manual_dir = config_dict.placeholder(str)
    return config
