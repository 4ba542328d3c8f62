"""A trained network is adapted to another screen without a single label.

    python launch.py --config=configs/adapt.py --config.source=lean-sim \
        --config.screen=own_screen/<name> --workdir=runs/adapted

Batch norm takes the statistics of the new cells, in a share that is chosen by what the
names of cells then say about their proteins. Where none is better for sure, the network
stays as it is. The weights are used as any others: `--config.source=runs/adapted`.

Result: adapted weights, and a page that says how far the screen is from the training
and what changed. The earlier `lean-sim` without its marker, on yeast_sim 4.0.0
(simulated), came from an accuracy of 0.370 to 0.476; with it, it was left as it is, at
0.860.
Time: half a minute for 998 cells on two CPU cores that had other work too (22 s of CPU
time).
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Adaptation of batch norm, judged by proteins or wells."""
    config = ml_collections.ConfigDict()
    config.task = 'adapt'  # module of deeploc_jax/tasks; fixed
    # Workdir of a training, a folder of weights, or lean-sim; required.
    config.source = config_dict.placeholder(str)
    # Screen to adapt to, as in deeploc.py; required.
    config.screen = config_dict.placeholder(str)
    config.split = 'test'  # split of the screen; slices and sums: train+test
    # Channels of the screen in the order of the network: GFP,far_red, or GFP,- where it
    # lacks one; no value: protein for protein, marker for marker.
    config.channels = config_dict.placeholder(str)
    # Pixel value that normalization `unit` maps to 1; no value: that of the training.
    config.white_level = config_dict.placeholder(float)
    config.group_by = 'protein'  # cells that are in one place: protein or well
    config.cells = 4_000  # cells that are looked at, at most, spread over the groups
    config.batch_size = 512  # cells at a time, over all devices
    # Folder of prepared screens; no value: that of the training.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value: that of the training.
    config.manual_dir = config_dict.placeholder(str)
    config.memory_limit = 4.0  # GB of images held in memory; above, read as needed
    return config
