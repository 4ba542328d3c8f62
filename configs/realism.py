"""Compares simulated cells with real ones: pictures, statistics, a classifier's AUC.

    python launch.py --config=configs/realism.py --config.real.screen=own_screen/mine \
        --config.real.group_by=field --config.classes=MITOCHONDRIA,CYTOPLASM

Needs `pip install -e '.[baseline]'`.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Cells of the same classes, as many of each from both screens."""
    config = ml_collections.ConfigDict()
    config.task = 'realism'
    config.seed = 0
    config.real = dict(
        screen=config_dict.placeholder(str),
        split='train+validation+test',
        group_by='field',  # plate, well, field or protein: held out as a whole
    )
    config.simulated = dict(
        screen='yeast_sim', split='train+validation+test', group_by='plate'
    )
    config.classes = config_dict.placeholder(str)  # default: all that both have
    config.cells = 1000  # of each class at most
    config.shown = 12  # of each class on the sheet
    config.data_dir = config_dict.placeholder(str)  # default: ~/tensorflow_datasets
    config.manual_dir = config_dict.placeholder(str)
    return config
