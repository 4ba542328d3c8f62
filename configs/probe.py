"""Simple classifiers learn from frozen features, with all labels or a handful of them.

    python launch.py --config=configs/features.py --config.source=runs/sim \
        --workdir=runs/sim-features
    python launch.py --config=configs/probe.py --config.features=runs/sim-features \
        --config.cells_per_class=1,5,25,100 --workdir=runs/sim-probe

Several workdirs, with a comma between, are compared: a network's features and
`measurements`.

Result: a table and a figure. On four new classes of yeast_sim 4.0.0 (371 test cells), a
forest on features of the lean network has a balanced accuracy of 0.788 ± 0.010 with 5
cells of each class (5 draws), on measurements 0.428 ± 0.067. Ridge regression on
measurements, all cells of yeast_sim 4.0.0: accuracy 0.663.
Time: 33 minutes for 150 probes on these four classes on two CPU cores (AMD EPYC) that
had other work too, most of it for logistic regressions and forests on measurements.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """The fast probes, on all labelled cells."""
    config = ml_collections.ConfigDict()
    config.task = 'probe'  # module of deeploc_jax/tasks; fixed
    config.seed = 0  # any integer from 0: draws of cells, forests, folds
    # Workdirs of configs/features.py, with commas between them; required.
    config.features = config_dict.placeholder(str)
    # Classifiers, with commas: ridge, logistic_l2, logistic_l1, svm_one_vs_one,
    # svm_one_vs_rest, knn, forest (deeploc_jax/probe/classifiers.py), and
    # svm_training_sets, which needs training_sets.
    config.probes = 'ridge,logistic_l2,svm_one_vs_rest,knn,forest'
    # CSV of positive and negative cells for svm_training_sets (ensLOC); its columns are
    # in deeploc_jax/probe/training_sets.py. No value: none.
    config.training_sets = config_dict.placeholder(str)
    # Splits of the features; sums are allowed: train+validation.
    config.splits = dict(
        train='train',  # the probes learn from these cells
        validation='validation',  # they choose the parameter of each probe
        test='test',  # they are classified at the end
    )
    # Classes that are learned: ACTIN,BUDNECK; no value: all.
    config.classes = config_dict.placeholder(str)
    # Numbers of labelled cells of each class: 1,5,25; no value: all cells.
    config.cells_per_class = config_dict.placeholder(str)
    config.draws = 5  # draws of the cells, or seeds of forests on all; at least 1
    # Few cells are spread over as many of these as there are: cell_id, screen,
    # condition, replicate, plate, well, field or protein.
    config.group_by = 'protein'
    return config
