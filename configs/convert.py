"""Weights that others released, as a folder that `deeploc_jax.load` opens.

    python launch.py --config=configs/convert.py:deeploc \
        --config.source=pretrained_DeepLoc/logs/model.ckpt-5000 --workdir=runs/released
    python launch.py --config=configs/convert.py:deepyeast \
        --config.source=deepyeast-weights-22-0.902.hdf5 --workdir=runs/deepyeast

The first is a TensorFlow checkpoint, of either format, named by any of its files or by
their folder; the second what Keras saved, as .h5, .hdf5, .weights.h5 or .keras. Neither
library is needed.
"""

import ml_collections
from ml_collections import config_dict

SCREENS = dict(deeploc='chong2015', deepyeast='deepyeast/main')


def get_config(network: str = 'deeploc') -> ml_collections.ConfigDict:
    """Conversion of one network's weights."""
    if network not in SCREENS:
        raise ValueError(f'No released {network!r}; there are {", ".join(SCREENS)}.')
    config = ml_collections.ConfigDict()
    config.task = 'convert'
    config.network = network
    config.source = config_dict.placeholder(str)  # model.ckpt-5000, or the .hdf5
    config.screen = SCREENS[network]  # it was trained on: its classes and channels
    config.channels = 'GFP,RFP'  # that it takes, protein first
    config.licence = 'not stated'  # of these weights, as their authors say
    config.data_dir = config_dict.placeholder(str)
    config.manual_dir = config_dict.placeholder(str)
    return config
