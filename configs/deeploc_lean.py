"""A network 13 times cheaper than DeepLoc, for millions of cells without a GPU.

    python launch.py --config=configs/deeploc_lean.py --config.screen=<screen>

Variants, after a colon, are those of `deeploc.py`, with `modern` the default.
Everything but the network is the same.
"""

import ml_collections

from configs import deeploc


def get_config(variant: str = 'modern') -> ml_collections.ConfigDict:
    """A config of `deeploc.py` with the lean network."""
    config = deeploc.get_config(variant)
    config.model.name = 'lean'
    return config
