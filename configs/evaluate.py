"""Evaluates a trained network on any split or screen, or names unlabelled cells.

    python launch.py --config=configs/evaluate.py --config.source=runs/sim \
        --config.screen=yeast_sim --config.split=validation --workdir=runs/sim-again
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """On as many crops of a cell as its probabilities were calibrated for."""
    config = ml_collections.ConfigDict()
    config.task = 'evaluate'
    config.seed = 0
    config.source = config_dict.placeholder(str)  # workdir of a training, or weights
    config.screen = config_dict.placeholder(str)  # default: the one trained on
    config.split = 'test'
    config.white_level = config_dict.placeholder(float)  # default: as trained
    config.channels = config_dict.placeholder(str)  # default: those trained on
    config.data_dir = config_dict.placeholder(str)  # default: that of the workdir
    config.manual_dir = config_dict.placeholder(str)  # default: that of the workdir
    config.memory_limit = 4.0  # GB of images held in memory; more is read as needed
    config.evaluation = dict(batch_size=128, resamples=1000)
    config.evaluation.crops = config_dict.placeholder(int)  # 1 or 5; default: as tuned
    return config
