"""A simulated screen is written as whole plates: images, masks, and all the truth.

    python launch.py --config=configs/simulate.py:alpha_factor --config.wells=4

Run the same command again to continue. `datasets/yeast_sim/README.md` describes the
screens.

Result: OME-TIFF fields of 960 x 1280 pixels and 60 to 150 cells, masks of the same
names, and tables of wells, images and cells; with --config.wells=1, alpha_factor 4.0.0
has 21 plates, 21 fields and 2,283 cells.
Time: a third of a second per field on two CPU cores (AMD EPYC); 21 s for these 21
fields on two cores that had other work too (9 s of CPU time), starting included.
"""

import ml_collections
from ml_collections import config_dict


def get_config(screen: str = 'wild_type') -> ml_collections.ConfigDict:
    """The plates of one screen."""
    config = ml_collections.ConfigDict()
    config.task = 'simulate'  # module of deeploc_jax/tasks; fixed
    # From the text after the colon: wild_type, replicate_1, replicate_2, replicate_3,
    # varied, other_microscope, manual_imaging, alpha_factor, mixtures, neighbours,
    # small or smoke.
    config.screen = screen
    # Number of wells of each plate, at least 1; no value: all.
    config.wells = config_dict.placeholder(int)
    # Conditions of the screen, with commas: untreated,alpha_120; no value: all.
    config.conditions = config_dict.placeholder(str)
    return config
