"""Cells of a screen are summed up by well, and by protein, condition and replicate.

    python launch.py --config=configs/profile.py --config.cells=runs/scored \
        --workdir=runs/profiles
    python launch.py --config=configs/profile.py --config.features=runs/features \
        --config.normalize=mad_robustize --config.agreement=True \
        --workdir=runs/feature-profiles

`cells` is the workdir of configs/score.py or of configs/evaluate.py, `features` that of
configs/features.py. Names of plates, wells, proteins and replicates are those of the
cells.

Result: `profiles.parquet` and `wells.parquet` (also as CSV): mean probabilities, the
share of each class with its interval, the two compartments a protein is in and the
share of each, how much cells differ, abundance; `report.html` with a heat map;
`proteins.html`, a table of all proteins to search and sort, with cells.
Time: 20 s for 8,940 simulated cells of 99 proteins in three replicates (yeast_sim
5.0.0), on two cores that had much other work (5 s of CPU time).
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Profiles of localization; of features too where these are named."""
    config = ml_collections.ConfigDict()
    config.task = 'profile'  # module of deeploc_jax/tasks; fixed
    config.seed = 0  # any integer from 0: bootstrap samples, random rankings
    # Workdirs of configs/score.py or configs/evaluate.py, or predictions.parquet, with
    # commas between them (replicates may lie in several); this or `features` is
    # required.
    config.cells = config_dict.placeholder(str)
    # Workdirs of configs/features.py, or of a scoring with features, with commas.
    config.features = config_dict.placeholder(str)
    # Workdirs of configs/evaluate.py with labelled cells, named by the same network;
    # with these, shares within cells (columns blend...) are estimated too.
    config.labelled = config_dict.placeholder(str)
    # Classes whose cells are not used: DEAD,GHOST; '' for none; no value: these two
    # where the network has them.
    config.ignored = config_dict.placeholder(str)
    # Channel that abundance is measured in; no value: the protein channel of the cells.
    config.channel = config_dict.placeholder(str)
    config.level = 0.95  # of credible and bootstrap intervals, between 0 and 1
    config.resamples = 200  # bootstrap samples behind the interval of a share
    config.statistic = 'median'  # median or mean of each feature over the cells
    # How pycytominer (extra `profiles`) normalizes each plate: standardize, robustize,
    # mad_robustize or spherize; no value: not at all. It takes the features or, without
    # them, the mean probabilities.
    config.normalize = config_dict.placeholder(str)
    # Wells that a plate is normalized against, as a pandas query:
    # "Metadata_Protein == 'HO'"; no value: all of the plate.
    config.controls = config_dict.placeholder(str)
    # True: features that are constant, redundant or extreme are left out after that.
    config.select = True
    # True: how well replicates agree, replicates.parquet; needs the extra `profiles`.
    config.agreement = False
    # Proteins whose cells proteins.html shows, those with most cells, for which their
    # fields are read once more; 0: none.
    config.pictures = 300
    config.h5ad = False  # True: every table as AnnData too; needs the extra `anndata`
    return config
