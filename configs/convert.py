"""Weights that others released become a folder that `deeploc_jax.load` opens.

    python launch.py --config=configs/convert.py:deeploc \
        --config.source=pretrained_DeepLoc/logs/model.ckpt-5000 --workdir=runs/released
    python launch.py --config=configs/convert.py:deepyeast \
        --config.source=deepyeast-weights-22-0.902.hdf5 --workdir=runs/deepyeast

The first is a TensorFlow checkpoint, of either format, named by any of its files or by
their folder; the second is a file that Keras saved: .h5, .hdf5, .weights.h5 or .keras.
Neither library is needed.

Result: `<workdir>/weights`, which `evaluate`, `features` and `transfer` take as source.
Not run on the released files, which are currently unavailable: tests read files of the
same form.
Time: not measured on the released files.
"""

import ml_collections
from ml_collections import config_dict

# Released network -> the screen it was trained on, which has its classes and channels.
SCREENS = dict(
    deeploc='chong2015',  # Kraus et al. 2017
    deepyeast='deepyeast/main',  # Parnamaa & Parts 2017
)


def get_config(network: str = 'deeploc') -> ml_collections.ConfigDict:
    """Conversion of one network's weights."""
    if network not in SCREENS:
        raise ValueError(f'No released {network!r}; there are {", ".join(SCREENS)}.')
    config = ml_collections.ConfigDict()
    config.task = 'convert'  # module of deeploc_jax/tasks; fixed
    config.network = network  # deeploc or deepyeast, from the text after the colon
    # The checkpoint or file of weights: model.ckpt-5000, weights.hdf5; required.
    config.source = config_dict.placeholder(str)
    config.screen = SCREENS[network]  # any screen with the classes of the weights
    config.channels = 'GFP,RFP'  # channels that the network takes, protein first
    config.licence = 'not stated'  # license of the weights in their authors' words
    # Folder of prepared screens; no value: ~/tensorflow_datasets. Only the names of
    # classes and channels are needed, so that the screen need not be prepared.
    config.data_dir = config_dict.placeholder(str)
    config.manual_dir = config_dict.placeholder(str)  # not used
    return config
