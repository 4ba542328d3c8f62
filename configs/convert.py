"""Weights that others released become a folder that `deeploc_jax.load` opens.

    python launch.py --config=configs/convert.py:deeploc \
        --config.source=pretrained_DeepLoc/logs/model.ckpt-5000 --workdir=runs/released
    python launch.py --config=configs/convert.py:deepyeast \
        --config.source=deepyeast-weights-22-0.902.hdf5 --workdir=runs/deepyeast
    python launch.py --config=configs/convert.py:resnet50 \
        --config.source=resnet50.pth --workdir=runs/resnet50

The first is a TensorFlow checkpoint, of either format, named by any of its files or by
their folder; the second is a file that Keras saved: .h5, .hdf5, .weights.h5 or .keras.
The third saw ImageNet: a file of Keras, or a state dictionary of PyTorch (.pth, .pt or
.safetensors). None of these libraries is needed.

Result: `<workdir>/weights`, which `evaluate`, `features` and `transfer` take as source.
Not run on the released files, which were not available: tests read files of the
same form.
Time: not measured on the released files.
"""

import ml_collections
from ml_collections import config_dict


def get_config(network: str = 'deeploc') -> ml_collections.ConfigDict:
    """Conversion of one network's weights.

    Args:
        network: 'deeploc' or 'deepyeast', a row of `weights.released.RELEASED`, or
            'resnet50', one of `weights.imagenet.IN_FILES`.
    """
    config = ml_collections.ConfigDict()
    config.task = 'convert'  # module of deeploc_jax/tasks; fixed
    config.network = network  # deeploc, deepyeast or resnet50, the text after the colon
    # File or folder of the released weights: model.ckpt-5000, weights.hdf5; required.
    config.source = config_dict.placeholder(str)
    # Screen whose classes the network knows, as in deeploc.py; it need not be prepared.
    # No value: the one that the weights were released for.
    config.screen = config_dict.placeholder(str)
    # Channels that the network takes, protein first; no value: as released, GFP,RFP.
    config.channels = config_dict.placeholder(str)
    # License of the weights; no value: as their authors state it, if they do.
    config.license = config_dict.placeholder(str)
    # Folder of prepared screens; no value: ~/tensorflow_datasets.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released images that you downloaded, for runs that find it through this
    # workdir; no value: <data_dir>/downloads/manual.
    config.manual_dir = config_dict.placeholder(str)
    return config
