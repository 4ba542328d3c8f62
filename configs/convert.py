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


def get_config(network: str = 'deeploc') -> ml_collections.ConfigDict:
    """Conversion of one network's weights.

    Args:
        network: 'deeploc' or 'deepyeast', a row of `weights.released.RELEASED`.
    """
    config = ml_collections.ConfigDict()
    config.task = 'convert'
    config.network = network
    # File or folder of the released weights: model.ckpt-5000, or the .hdf5.
    config.source = config_dict.placeholder(str)
    # Data set whose classes the network knows; None: the one it was released for.
    config.screen = config_dict.placeholder(str)
    # Channels that it takes, protein first; None: as released, 'GFP,RFP'.
    config.channels = config_dict.placeholder(str)
    # License of the weights; None: as their authors state it, if they do.
    config.license = config_dict.placeholder(str)
    # Folder of prepared data sets; None: ~/tensorflow_datasets.
    config.data_dir = config_dict.placeholder(str)
    # Your copies of released images, for runs that find them through this workdir.
    config.manual_dir = config_dict.placeholder(str)
    return config
