"""Features of every cell of a screen, for clustering, probes and other tools.

    python launch.py --config=configs/features.py --config.source=runs/sim \
        --config.screen=yeast_sim --workdir=runs/sim-features

`source` is the workdir of a training, a folder of weights, or `measurements`, the
hand-made features that profiling pipelines use.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Activations of the last layer before the logits."""
    config = ml_collections.ConfigDict()
    config.task = 'features'
    config.source = config_dict.placeholder(str)  # workdir, weights or `measurements`
    config.screen = config_dict.placeholder(str)  # default: the one trained on
    config.splits = config_dict.placeholder(str)  # train,test[:10%]; default: all
    config.white_level = config_dict.placeholder(float)  # default: as trained
    config.channels = config_dict.placeholder(str)  # default: those trained on
    config.layer = config_dict.placeholder(str)  # e.g. conv_8; default: the last
    config.pool = 'max'  # or mean: over the pixels of a layer that is a map
    config.cells_per_file = 65_536  # a stopped run goes on after the last whole file
    config.batch_size = 128  # over all devices
    config.h5ad = False  # features.h5ad for scanpy too; needs the extra `anndata`
    config.data_dir = config_dict.placeholder(str)  # default: that of the workdir
    config.manual_dir = config_dict.placeholder(str)  # default: that of the workdir
    return config
