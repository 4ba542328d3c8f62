"""A trained network for another microscope, with a handful of labelled cells.

    python launch.py --config=configs/transfer.py --config.source=runs/sim \
        --config.screen=own_screen/my_screen --workdir=runs/transfer

Fine-tunes all layers, only those after the convolutions, or a classifier on frozen
features, and compares with training from scratch, with more and more labels. Ends with
what to do, and with the weights of the network that was fine-tuned on most cells.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """The protocol of Kraus et al. 2017, Fig 4, but for a rate that falls to zero."""
    config = ml_collections.ConfigDict()
    config.task = 'transfer'
    config.seed = 0
    config.source = config_dict.placeholder(str)  # workdir of a training, or weights
    config.screen = config_dict.placeholder(str)  # the target
    config.splits = dict(train='train', validation='validation', test='test')
    config.white_level = config_dict.placeholder(float)  # default: as trained
    config.channels = config_dict.placeholder(str)  # GFP,far_red; default: by role
    config.modes = 'fine_tune,frozen_conv,probe,scratch'
    config.cells_per_class = '1,3,5,10,25,50,100,250,500'
    config.draws = 5
    config.group_by = 'protein'  # labels are spread over as many of these as can be
    config.confusion_at = config_dict.placeholder(str)  # sizes; default: the largest

    config.steps = 0  # of each training; 0: as in the paper, 500 and more
    config.batch_size = 128
    config.schedule = 'cosine'  # of the rate, to zero; or constant, the paper's
    config.learning_rate = 3e-3  # of Adam
    config.dropout = 0.5
    config.augmentation = dict(symmetries=True, gamma=0.0, noise=0.0, surroundings=0.0)
    config.probe = 'ridge'  # what mode `probe` puts on the frozen features

    config.evaluation = dict(batch_size=128, crops=1)
    config.memory_limit = 4.0  # GB of images held for a split
    config.data_dir = config_dict.placeholder(str)  # default: that of the source
    config.manual_dir = config_dict.placeholder(str)  # default: that of the source
    return config
