"""Prepares a screen on disk, once, for training here or in other projects.

    python launch.py --config=configs/prepare.py:chong2015 --config.manual_dir=<files>
    python launch.py --config=configs/prepare.py:own_screen \
        --config.own_screen.table=cells.csv --config.own_screen.name=my_screen \
        --config.own_screen.channels=protein=GFP,marker=RFP \
        --config.own_screen.group_by=field

`datasets/README.md` has the screens and the columns of a table of your own.
"""

import ml_collections
from ml_collections import config_dict


def get_config(screen: str = 'yeast_sim') -> ml_collections.ConfigDict:
    """Preparation of one screen, `name` or `name/config` as TFDS writes it."""
    config = ml_collections.ConfigDict()
    config.task = 'prepare'
    config.screen = screen
    config.data_dir = config_dict.placeholder(str)  # default: ~/tensorflow_datasets
    config.manual_dir = config_dict.placeholder(str)  # your copies of released files
    if screen == 'own_screen':
        config.own_screen = own_screen()
    return config


def own_screen() -> ml_collections.ConfigDict:
    """What is to be said about crops of your own."""
    options = ml_collections.ConfigDict()
    options.table = config_dict.placeholder(str)  # CSV or Parquet, a row a cell
    options.name = config_dict.placeholder(str)  # train with screen=own_screen/<name>
    options.channels = config_dict.placeholder(str)  # e.g. protein=GFP,marker=RFP
    options.channel_names = config_dict.placeholder(str)  # order in the file: RFP,GFP
    options.group_by = config_dict.placeholder(str)  # whole groups go to one split
    options.classes = config_dict.placeholder(str)  # order: ER,"a, b"; default: sorted
    options.crop = config_dict.placeholder(str)  # 'center' cuts larger images to 64x64
    options.skip_bad_rows = False  # set bad rows aside instead of stopping
    return options
