"""Cells of classes that a network never saw: are they flagged, or forced into one?

    python launch.py --config=configs/deeploc_lean.py --config.screen=yeast_sim \
        --config.leave_out=ACTIN,PEROXISOME --workdir=runs/without
    python launch.py --config=configs/features.py --config.source=runs/without \
        --workdir=runs/without-features
    python launch.py --config=configs/novelty.py \
        --config.features=runs/without-features --config.new=ACTIN,PEROXISOME

Result: AUROC and share flagged of each new class. With four classes of yeast_sim 4.0.0
left out of a lean network (1,600 steps, seed 0), the AUROC is 0.825 for the nearest
cells, 0.620 for the Mahalanobis distance and 0.794 for uncertainty.
Time: 8 to 16 minutes for that training on two CPU cores (AMD EPYC), by how busy the
machine is; this task takes 30 s for the 380 cells of yeast_sim/smoke 4.0.0 on two cores
that had other work too (7 s of CPU time).
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Distance from the training cells in the space of features."""
    config = ml_collections.ConfigDict()
    config.task = 'novelty'  # module of deeploc_jax/tasks; fixed
    # Workdirs of configs/features.py, with commas between them; required.
    config.features = config_dict.placeholder(str)
    # Classes that the network was not trained on: ACTIN,PEROXISOME; required.
    config.new = config_dict.placeholder(str)
    # Scores, with commas: neighbours (distance to the tenth nearest training cell),
    # mahalanobis (distance to the nearest class) and uncertainty (entropy of a logistic
    # regression).
    config.methods = 'neighbours,mahalanobis,uncertainty'
    config.flagged = 0.05  # share of known validation cells flagged, between 0 and 1
    # Splits of the features; sums are allowed: train+validation.
    config.splits = dict(
        train='train',  # the scores are fitted to the known cells of this split
        validation='validation',  # known cells that set the threshold of `flagged`
        test='test',  # known and new cells that are scored
    )
    return config
