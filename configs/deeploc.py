"""DeepLoc gives every cell of a yeast screen a class (Kraus et al. 2017).

    python launch.py --config=configs/deeploc.py --config.manual_dir=<released HDF5>

trains with the published protocol. Variants, after a colon:

    deeploc.py:modern   our recipe: cosine schedule, weight decay, dropout
    deeploc.py:small    the same for a few hundred labelled cells
    deeploc.py:sim      the same on the simulated screen, which needs no download
    deeploc.py:smoke    a few steps on a few simulated cells, to see that all works

Result, as accuracy on test:
    published  not run on the released files, whose address did not answer when last
               tried; on yeast_sim 1.0.0, 0.906 ± 0.004 (seeds 0, 1, 2)
    modern     0.935 ± 0.003 on yeast_sim 1.0.0 (seeds 0, 1, 2)
    small      0.973 ± 0.003, 0.981 ± 0.003, 0.964 ± 0.002 on real cells of two
               localizations: one of three fields is tested, the others are trained on
               (seeds 0, 1, 2)
    sim        0.709 (95 % 0.657 to 0.757) on yeast_sim 6.0.0, seed 0
    smoke      0.091 (95 % 0.017 to 0.164) on yeast_sim/smoke 4.0.0: it learns nothing
Time:
    published, modern  minutes on one NVIDIA H100
    small      not measured; from the speed of a step, a quarter of an hour on two CPU
               cores (AMD EPYC)
    sim        about ten minutes on two CPU cores (AMD EPYC), with the simulation
    smoke      about a minute on two CPU cores

Any field can be changed on the command line:
`--config.screen=yeast_sim --config.batch_size=64`. No value stands for a default that
depends on the screen or the machine; the comment says which.
"""

import ml_collections
from ml_collections import config_dict


def get_config(variant: str = 'published') -> ml_collections.ConfigDict:
    """The published protocol, or a named variant of it."""
    config = ml_collections.ConfigDict()
    config.task = 'train'  # module of deeploc_jax/tasks; fixed
    config.seed = 0  # any integer from 0: weights, batches, augmentation, intervals
    add_cells(config)
    add_network(config)
    add_training(config)
    variants = dict(
        published=(),
        modern=(modern,),
        small=(modern, small),
        sim=(modern, sim),
        smoke=(smoke,),
    )
    if variant not in variants:
        raise ValueError(f'No variant {variant!r}; there are {", ".join(variants)}.')
    for change in variants[variant]:
        change(config)
    return config


def add_cells(config: ml_collections.ConfigDict) -> None:
    """The cells of each split, their pixels, and what augmentation does to them."""
    # chong2015, wt2017, swat_rfp, deepyeast/main, deepyeast/transfer, yeast_sim,
    # yeast_sim/<config> or own_screen/<name>; with :<version> for an earlier one.
    config.screen = 'chong2015'
    # Splits of the screen; slices and sums are allowed: train[:80%], train+validation.
    config.splits = dict(
        train='train',  # the network learns from these cells
        validation='validation',  # they choose the checkpoint and fit the temperature
        test='test',  # they are evaluated at the end, and used for nothing else
    )
    # Corrected labels by cell_id, corrections.csv of curate.py; a cell without a class
    # there is unlabelled. No value: the labels of the screen.
    config.labels = config_dict.placeholder(str)
    # Names of channels in the order of the network, protein first: GFP,far_red; no
    # value: those of the paper where the screen has more, else all.
    config.channels = config_dict.placeholder(str)
    # Classes whose cells count as unlabelled: ACTIN,PEROXISOME; no value: none.
    config.leave_out = config_dict.placeholder(str)
    # Folder of prepared screens; no value: ~/tensorflow_datasets.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value:
    # <data_dir>/downloads/manual.
    config.manual_dir = config_dict.placeholder(str)
    # percentile (each cell and channel to its own range), unit (all pixels divided by
    # one number, which keeps brightness) or none.
    config.normalization = 'percentile'
    # Pixel value, above 0, that unit maps to 1; no value: the largest of the pixel
    # type. Not allowed with percentile and none.
    config.white_level = config_dict.placeholder(float)
    config.memory_limit = 4.0  # GB of images held for a split; above, read as needed
    config.device_limit = 4.0  # GB of training images held on each device; above, sent
    config.class_balanced = False  # True draws each class equally often
    config.augmentation = dict(
        crop=60,  # side of the crops, 8 to 64 pixels
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


def add_network(config: ml_collections.ConfigDict) -> None:
    """The network and its options; another network may have others."""
    config.model = dict(
        # deeploc, lean, deepyeast (which needs depth as well), or for larger images
        # resnet50, efficientnet_lite0, efficientnet_lite1, efficientnet_lite2
        name='deeploc',
        dropout=0.0,  # share of hidden units left out in a step, 0 to below 1
        bn_momentum=0.5,  # decay of the running averages of batch norm, 0 to 1
        compute_dtype='float32',  # float32, or bfloat16: faster on GPUs, not on CPUs
    )


def add_training(config: ml_collections.ConfigDict) -> None:
    """Optimizer, length of the training, checkpoints and evaluation."""
    config.optimizer = dict(
        name='adam',  # adam, adamw (decoupled weight decay) or sgd
        weight_decay=0.0,  # from 0, on kernels only: never on biases or batch norm
        momentum=0.9,  # 0 to below 1, for sgd alone
        clip_norm=0.0,  # largest norm of the whole gradient; 0: no limit
    )
    config.schedule = dict(
        name='exponential',  # exponential, halving, cosine (to zero) or constant
        learning_rate=0.1,  # the highest rate, above 0
        decay_rate=0.96,  # factor of each decay, for exponential alone
        decay_every=25,  # steps between decays, for exponential and halving
        warmup_steps=0,  # steps of linear rise before the schedule; 0: none
    )
    config.label_smoothing = 0.0  # share of a target spread over all classes, 0 to 1
    config.ema_decay = 0.0  # decay of averaged weights, 0 to below 1; 0: no averages
    config.batch_size = 128  # cells of a step, over all devices of all hosts
    config.total_steps = 10_000  # length of the training, at least 1
    config.log_every = 50  # steps between lines of the log, at least 1
    config.checkpoint_every = 500  # steps between checkpoints, each with a validation
    # Checkpoints without an improvement (a tie is none) before stopping; 0: never.
    config.patience = 0
    # Metric that chooses the checkpoint: validation/accuracy,
    # validation/balanced_accuracy (the highest) or validation/loss (the lowest).
    config.select_by = 'validation/accuracy'
    config.profile = False  # True traces one step into <workdir>/profile
    config.evaluation = dict(
        batch_size=128,  # cells predicted at a time, over all devices
        crops=5,  # views of a cell that are averaged: 1 (central) or 5
        # Four magnifications, from 0.25 to 4, at which cells are seen besides the
        # central view: 0.7,0.8,0.9,1.15; no value: crops from the four corners.
        magnifications=config_dict.placeholder(str),
        resamples=1000,  # bootstrap samples behind each interval, at least 1
    )


def modern(config: ml_collections.ConfigDict) -> None:
    """Our recipe, chosen on the validation split of yeast_sim 1.0.0."""
    # Accuracy after 3,000 steps: 0.960, and 0.962 with a weight decay of 0.2.
    config.optimizer.update(name='adamw', weight_decay=0.05, clip_norm=1.0)
    # After 150 steps of 64: 0.58 with a rate of 1e-3, 0.70 with 3e-3, 0.65 with 1e-2.
    config.schedule.update(name='cosine', learning_rate=3e-3, warmup_steps=50)
    # Averages over more steps; dropout in the dense layers.
    config.model.update(bn_momentum=0.9, dropout=0.5)
    config.label_smoothing = 0.05  # share of a target spread over all classes, 0 to 1


def small(config: ml_collections.ConfigDict) -> None:
    """A few hundred labelled cells, seen about a hundred times each."""
    # Chosen on validation, five proteins of real cells: 0.677, and 0.653 with 3e-3.
    config.schedule.update(learning_rate=1e-3, warmup_steps=16)
    config.batch_size = 32  # cells, for several batches in each pass over them
    config.total_steps = 1440  # a hundred passes over 460 cells
    config.log_every = 16  # about one pass
    config.checkpoint_every = 144  # ten checkpoints to choose from


def sim(config: ml_collections.ConfigDict) -> None:
    """The simulated screen, in minutes on two cores."""
    config.screen = 'yeast_sim'  # 20,000 cells of 19 classes
    # Fair samples of the splits, to save time.
    config.splits.update(validation='validation[:20%]', test='test[:50%]')
    config.batch_size = 64  # cells, for more steps in each pass over them
    config.total_steps = 220  # each training cell is seen once
    config.log_every = 10  # 22 lines
    config.checkpoint_every = 55  # four checkpoints to choose from


def smoke(config: ml_collections.ConfigDict) -> None:
    """Everything once, in about a minute."""
    config.screen = 'yeast_sim/smoke'  # 380 cells
    config.batch_size = 8  # cells
    config.total_steps = 12  # too few to learn anything
    config.log_every = 2  # six lines
    config.checkpoint_every = 4  # three checkpoints to choose from
    config.evaluation.update(batch_size=16, resamples=50)  # four batches, rough limits
