"""Simple classifiers on frozen features, with all labels or a handful of them.

    python launch.py --config=configs/features.py --config.source=runs/sim \
        --workdir=runs/sim-features
    python launch.py --config=configs/probe.py --config.features=runs/sim-features \
        --config.cells_per_class=1,5,25,100 --workdir=runs/sim-probe

Several workdirs, with a comma between, are compared: a network's features and
`measurements`. The probes are in deeploc_jax/probe/classifiers.py.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """The fast probes, on all labelled cells."""
    config = ml_collections.ConfigDict()
    config.task = 'probe'
    config.seed = 0
    config.features = config_dict.placeholder(str)  # workdirs of configs/features.py
    config.probes = 'ridge,logistic_l2,svm_one_vs_rest,knn,forest'
    # CSV of positive and negative cells, for the probe svm_training_sets (ensLOC);
    # probe/training_sets.py shows its columns.
    config.training_sets = config_dict.placeholder(str)
    config.splits = dict(train='train', validation='validation', test='test')
    config.classes = config_dict.placeholder(str)  # e.g. ACTIN,BUDNECK; default: all
    config.cells_per_class = config_dict.placeholder(str)  # 1,5,25; default: all
    config.draws = 5  # of the cells, or of the seeds of forests
    config.group_by = 'protein'  # few cells are drawn from as many of these as can be
    return config
