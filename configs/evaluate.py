"""A trained network is evaluated on any split or screen, or names unlabelled cells.

    python launch.py --config=configs/evaluate.py --config.source=runs/sim \
        --config.screen=yeast_sim --config.split=validation --workdir=runs/sim-again

Result: a table of cells, one of proteins, and a report. `lean-sim`, which comes with
the package, has a test accuracy of 0.745 (95 % 0.615 to 0.857) on the 55 cells of
yeast_sim/smoke 6.0.0.
Time: 30 s for these 55 cells on two CPU cores that had other work too (10 s of CPU
time), most of it to start; DeepLoc classifies about 200 crops a second on two cores,
five for each cell, the lean network 1,500.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Evaluation with as many crops of a cell as the network is calibrated for."""
    config = ml_collections.ConfigDict()
    config.task = 'evaluate'  # module of deeploc_jax/tasks; fixed
    config.seed = 0  # any integer from 0: bootstrap samples, cells shown in the report
    # Workdir of a training, a folder of weights, or lean-sim; required.
    config.source = config_dict.placeholder(str)
    # Screen, as in deeploc.py; no value: the one trained on.
    config.screen = config_dict.placeholder(str)
    config.split = (
        'test'  # split of the screen; slices and sums: test[:10%], train+test
    )
    # Corrected labels by cell_id, corrections.csv of curate.py; a cell without a class
    # there is unlabelled. No value: the labels of the screen.
    config.labels = config_dict.placeholder(str)
    # Pixel value that normalization `unit` maps to 1; no value: that of the training.
    config.white_level = config_dict.placeholder(float)
    # Channels of the screen in the order of the network: GFP,far_red, or GFP,- where it
    # lacks one; no value: protein for protein, marker for marker.
    config.channels = config_dict.placeholder(str)
    # Folder of prepared screens; no value: that of the training.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value: that of the training.
    config.manual_dir = config_dict.placeholder(str)
    config.memory_limit = 4.0  # GB of images held in memory; above, read as needed
    config.evaluation = dict(
        batch_size=128,  # cells predicted at a time, over all devices
        resamples=1000,  # bootstrap samples behind each interval, at least 1
    )
    # Views of a cell that are averaged: 1 (central) or 5; no value: as calibrated.
    config.evaluation.crops = config_dict.placeholder(int)
    return config
