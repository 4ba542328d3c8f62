"""A trained network learns another microscope from a handful of labelled cells.

    python launch.py --config=configs/transfer.py --config.source=runs/sim \
        --config.screen=own_screen/my_screen --workdir=runs/transfer

Fine-tunes all layers, only those after the convolutions, or a classifier on frozen
features, and compares with training from scratch, with more and more labels.

Result: a figure, advice, and the weights of the network that was fine-tuned on
the largest number of cells. The earlier `lean-sim` on real cells, 25 of each of five
proteins, 150 steps: test accuracy 0.675 ± 0.031, from scratch 0.610 ± 0.040 (three
fields, 5 draws each). On yeast_sim/other_microscope 5.0.0, 25 cells of each of 22
classes, 500 steps:
0.725 ± 0.011, from scratch 0.644 ± 0.008.
Time: a quarter of an hour per field of real cells and an hour and a quarter for
other_microscope (1, 5, 25 and 100 cells), each on one CPU core (AMD EPYC); the latter
two and a half minutes on one NVIDIA H100.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """The protocol of Kraus et al. 2017, Fig 4, but for a rate that falls to zero."""
    config = ml_collections.ConfigDict()
    config.task = 'transfer'  # module of deeploc_jax/tasks; fixed
    config.seed = 0  # any integer from 0: seed of draw 0; the next draws count on
    # Workdir of a training, a folder of weights, or lean-sim; required.
    config.source = config_dict.placeholder(str)
    # Target screen, as in deeploc.py; required.
    config.screen = config_dict.placeholder(str)
    # Splits of the target; slices and sums are allowed: train[:80%], train+validation.
    config.splits = dict(
        train='train',  # labelled cells are drawn from this split
        validation='validation',  # the advice goes by these cells
        test='test',  # all modes are compared on these cells
    )
    # Corrected labels by cell_id, corrections.csv of curate.py; a cell without a class
    # there is unlabelled. No value: the labels of the screen.
    config.labels = config_dict.placeholder(str)
    # Pixel value that normalization `unit` maps to 1; no value: that of the training.
    config.white_level = config_dict.placeholder(float)
    # Channels of the target in the order of the network: GFP,far_red, or GFP,- where it
    # lacks one; further ones, GFP,far_red,BF, are learned. No value: protein for
    # protein, marker for marker.
    config.channels = config_dict.placeholder(str)
    # What the target's classes are among the source's, where names do not tell: a map
    # like mitochondria=MITOCHONDRIA,cytosol=CYTOPLASM+NUCLEI; `bud=`: nothing of the
    # kind.
    config.class_map = config_dict.placeholder(str)
    # Start of the layer of the classes: mapped (from the source's columns of classes
    # that are mapped, else random) or fresh (all random, as in the paper).
    config.head = 'mapped'
    # Modes, with commas: fine_tune (all layers), frozen_conv (layers after the
    # convolutions), probe (classifier on frozen features), scratch (random weights);
    # as_is (the source, asked for the classes that are mapped) comes first by itself.
    config.modes = 'fine_tune,frozen_conv,probe,scratch'
    # Numbers of labelled cells of each class, with commas; '' takes all cells.
    config.cells_per_class = '1,3,5,10,25,50,100,250,500'
    config.draws = 5  # draws of the cells, at least 1
    # Labels are spread over as many of these as there are: cell_id, screen, condition,
    # replicate, plate, well, field or protein.
    config.group_by = 'protein'
    # Sizes, among cells_per_class, with a confusion matrix in the report: 25,500; no
    # value: the largest.
    config.confusion_at = config_dict.placeholder(str)

    config.steps = 0  # steps of each training; 0: as in the paper, 500 and more
    config.batch_size = 128  # cells of a step at most; fewer labels are one batch
    config.schedule = 'cosine'  # cosine (rate falls to zero) or constant (the paper)
    config.learning_rate = 3e-3  # of Adam, above 0: the highest
    config.l2_sp = 0.0  # pull towards the source's weights (L2-SP), at least 0: none
    config.dropout = 0.5  # share of hidden units left out in a step, 0 to below 1
    config.augmentation = dict(
        symmetries=True,  # whether crops are reflected and rotated by right angles
        gamma=0.0,  # channels are raised to a power from exp(-gamma) to exp(gamma)
        noise=0.0,  # largest sd of added pixel noise, in pixels from 0 to 1
        surroundings=0.0,  # share of cells, 0 to 1, shown among another's neighbors
        # As another microscope would show them; these four need percentile.
        zoom=0.0,  # crops are magnified by exp(-zoom) to exp(zoom)
        blur=0.0,  # largest sd of a blur of each channel, in pixels
        bleed=0.0,  # largest share of the protein's light in the other channels
        saturation=0.0,  # share of the range, 0 to below 1, that may turn white
        # share of cells, 0 to 1, shown without their other channels, which are 0
        protein_alone=0.0,
    )
    # Classifier of mode probe: ridge, logistic_l2, logistic_l1, svm_one_vs_one,
    # svm_one_vs_rest, knn or forest.
    config.probe = 'ridge'

    config.evaluation = dict(
        batch_size=128,  # cells predicted at a time, over all devices
        crops=1,  # views of a test cell that are averaged: 1 (central) or 5
    )
    config.memory_limit = 4.0  # GB of images held for a split; above, read as needed
    # Folder of prepared screens; no value: that of the source.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value: that of the source.
    config.manual_dir = config_dict.placeholder(str)
    return config
