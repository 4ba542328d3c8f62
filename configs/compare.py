"""The proteins that moved between two conditions of a screen, with an error rate.

    python launch.py --config=configs/compare.py --config.cells=runs/scored \
        --config.before=untreated --config.after=alpha_120 --workdir=runs/movers

`cells` is the workdir of configs/score.py or of configs/evaluate.py; the column
`condition` of the cells says which are which. docs/changes.md explains the statistics.

Result: `movers.parquet` (a row for every protein: from where to where, the share that
moved, p and q, the change of abundance, and what the method of the DeepLoc paper says),
`flux.parquet`, the flux network for Cytoscape, and `movers.html`, a page to search and
sort with cells of both conditions.
Time: 16 s of CPU time for 7,300 proteins with three replicates of two conditions (AMD
EPYC, one core), 5 s for half as many, without pictures of their cells; 360,000 cells
are read in 1 s.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """A comparison of two conditions at a false-discovery rate of 5 %."""
    config = ml_collections.ConfigDict()
    config.task = 'compare'  # module of deeploc_jax/tasks; fixed
    # Workdirs of configs/score.py or configs/evaluate.py, or predictions.parquet, with
    # commas between them (conditions and replicates may lie in several); required.
    config.cells = config_dict.placeholder(str)
    # Condition to compare with, as the cells have it; required unless it is ''.
    config.before = config_dict.placeholder(str)
    # Condition that may have moved proteins; required.
    config.after = config_dict.placeholder(str)
    # False-discovery rate of the proteins that are called, between 0 and 1.
    config.rate = 0.05
    config.min_cells = 5  # cells that a protein needs in each condition, at least 2
    # Proteins most alike before, whose median change is expected of a protein; fewer
    # in a screen of less than a thousand, but at least 10.
    config.neighbors = 50
    # Classes whose cells are not used: DEAD,GHOST; '' for none; no value: these two
    # where the network has them.
    config.ignored = config_dict.placeholder(str)
    # Channel that abundance is measured in; no value: the protein channel of the cells.
    config.channel = config_dict.placeholder(str)
    # Proteins, of those called, whose cells are shown on the page: the surest ones. 0
    # for none; without their fields there are no pictures.
    config.pictures = 300
    return config
