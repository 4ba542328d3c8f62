"""Features of every cell of a screen are written for clustering, probes, other tools.

    python launch.py --config=configs/features.py --config.source=runs/sim \
        --config.screen=yeast_sim --workdir=runs/sim-features

`source` is the workdir of a training, a folder of weights, or `measurements`: hand-made
features as profiling pipelines use them (`pip install -e '.[baseline]'`).

Result: `features.parquet`, one row per cell: 128 features of the lean network, 512 of
DeepLoc, 561 measurements.
Time: 7 minutes to measure the 20,000 cells of yeast_sim 3.0.0 on two CPU cores (AMD
EPYC); 15 s for the 380 cells of yeast_sim/smoke 4.0.0 with `lean-sim` on two cores
that had other work too (5 s of CPU time), most of it to start.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Activations of the last layer before the logits."""
    config = ml_collections.ConfigDict()
    config.task = 'features'  # module of deeploc_jax/tasks; fixed
    # Workdir of a training, a folder of weights, lean-sim, or measurements; required.
    config.source = config_dict.placeholder(str)
    # Screen, as in deeploc.py; no value: the one trained on.
    config.screen = config_dict.placeholder(str)
    # Splits with commas, slices allowed: train,test[:10%]; no value: all.
    config.splits = config_dict.placeholder(str)
    # Pixel value that normalization `unit` maps to 1; no value: that of the training.
    config.white_level = config_dict.placeholder(float)
    # Channels of the screen in the order of the network: GFP,far_red, or GFP,- where it
    # lacks one; no value: protein for protein, marker for marker.
    config.channels = config_dict.placeholder(str)
    # Layer by the name that network.layers has: conv_8, fc_2; no value: the last.
    config.layer = config_dict.placeholder(str)
    config.pool = 'max'  # max or mean over the pixels of a layer that is a map
    config.cells_per_file = 65_536  # at least 1; a stopped run goes on after a file
    config.batch_size = 128  # cells at a time, over all devices
    config.h5ad = False  # True: features.h5ad for scanpy too; needs extra `anndata`
    # Folder of prepared screens; no value: that of the training.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value: that of the training.
    config.manual_dir = config_dict.placeholder(str)
    return config
