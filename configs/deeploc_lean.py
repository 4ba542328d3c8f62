"""A network 13 times cheaper than DeepLoc, for millions of cells without a GPU.

    python launch.py --config=configs/deeploc_lean.py --config.screen=<screen>

Variants, after a colon, are those of `deeploc.py`, with `modern` the default. Only the
network and, where it was chosen for it on validation, the learning rate are its own.
"""

import ml_collections

from configs import deeploc

LEARNING_RATES = dict(modern=1e-2, small=3e-3)


def get_config(variant: str = 'modern') -> ml_collections.ConfigDict:
    """A config of `deeploc.py` with the lean network."""
    config = deeploc.get_config(variant)
    config.model.name = 'lean'
    rate = LEARNING_RATES.get(variant, config.schedule.learning_rate)
    config.schedule.learning_rate = rate
    return config
