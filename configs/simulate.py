"""Writes a simulated screen as whole plates: field images, masks, and all the truth.

    python launch.py --config=configs/simulate.py:alpha_factor --config.wells=4

Screens: wild_type, replicate_1 to 3, other_microscope, manual_imaging, alpha_factor,
mixtures, neighbours, small, smoke. Run the same command again to go on.
"""

import ml_collections
from ml_collections import config_dict


def get_config(screen: str = 'wild_type') -> ml_collections.ConfigDict:
    """The plates of one screen."""
    config = ml_collections.ConfigDict()
    config.task = 'simulate'
    config.screen = screen
    config.wells = config_dict.placeholder(int)  # of each plate; default: all
    return config
