"""Cells of classes that a network never saw: are they flagged, or forced into one?

    python launch.py --config=configs/deeploc_lean.py --config.screen=yeast_sim \
        --config.leave_out=ACTIN,PEROXISOME --workdir=runs/without
    python launch.py --config=configs/features.py --config.source=runs/without \
        --workdir=runs/without-features
    python launch.py --config=configs/novelty.py \
        --config.features=runs/without-features --config.new=ACTIN,PEROXISOME
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """How far from the training cells, in the space of features."""
    config = ml_collections.ConfigDict()
    config.task = 'novelty'
    config.features = config_dict.placeholder(str)  # workdirs of configs/features.py
    config.new = config_dict.placeholder(str)  # classes that were not trained on
    config.methods = 'neighbours,mahalanobis,uncertainty'
    config.flagged = 0.05  # share of known validation cells that may be flagged
    config.splits = dict(train='train', validation='validation', test='test')
    return config
