"""DeepLoc: a class for every cell of a two-channel yeast screen.

    python launch.py --config=configs/deeploc.py --config.manual_dir=<released HDF5>

trains with the published protocol (Kraus et al. 2017). Variants, after a colon:

    deeploc.py:modern   our recipe: cosine schedule, weight decay, dropout
    deeploc.py:small    the same for a few hundred cells; half an hour on two cores
    deeploc.py:sim      the simulated screen; needs no download. Two cores: about 10
                        minutes with the simulation, test accuracy 0.66
    deeploc.py:smoke    a few steps on a few simulated cells, to see that all works

Any field can be changed: --config.screen=yeast_sim --config.batch_size=64
"""

import ml_collections
from ml_collections import config_dict


def get_config(variant: str = 'published') -> ml_collections.ConfigDict:
    """The published protocol, or a named variant of it."""
    config = ml_collections.ConfigDict()
    config.task = 'train'
    config.seed = 0

    # A TFDS data set of `datasets/`, with its splits; slices are allowed.
    config.screen = 'chong2015'
    config.splits = dict(train='train', validation='validation', test='test')
    config.channels = config_dict.placeholder(str)  # e.g. GFP,far_red; default: all
    config.leave_out = config_dict.placeholder(str)  # classes, as if not labelled
    config.data_dir = config_dict.placeholder(str)  # default: ~/tensorflow_datasets
    config.manual_dir = config_dict.placeholder(str)  # your copies of released files
    config.normalization = 'percentile'  # of pixels; or unit, none: data/normalize.py
    config.white_level = config_dict.placeholder(float)  # of unit; default: type's
    config.memory_limit = 4.0  # GB of images held for a split; more is read as needed
    config.device_limit = 4.0  # GB of training images held on each device
    config.class_balanced = False  # draw each class equally often

    # `gamma`, `noise`, `surroundings` vary brightness, noise and neighbours; see
    # data/augment.py.
    config.augmentation = dict(
        crop=60, symmetries=True, gamma=0.0, noise=0.0, surroundings=0.0
    )
    config.model = dict(
        name='deeploc', dropout=0.0, bn_momentum=0.5, compute_dtype='float32'
    )

    # Options are in train/optimizer.py.
    config.optimizer = dict(name='adam', weight_decay=0.0, momentum=0.9, clip_norm=0.0)
    config.schedule = dict(
        name='exponential',
        learning_rate=0.1,
        decay_rate=0.96,
        decay_every=25,
        warmup_steps=0,
    )
    config.label_smoothing = 0.0
    config.ema_decay = 0.0  # of averaged weights; 0 for none

    config.batch_size = 128  # over all devices of all hosts
    config.total_steps = 10_000
    config.log_every = 50
    config.checkpoint_every = 500  # with a validation; the best is chosen
    # Checkpoints without an improvement (a tie is none) before stopping; 0: never.
    config.patience = 0
    config.select_by = 'validation/accuracy'

    config.profile = False  # trace a step, into <workdir>/profile

    config.evaluation = dict(batch_size=128, crops=5, resamples=1000)

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


def modern(config: ml_collections.ConfigDict) -> None:
    """Our recipe; what was tried, and its numbers, are in the README."""
    config.optimizer.update(name='adamw', weight_decay=0.05, clip_norm=1.0)
    config.schedule.update(name='cosine', learning_rate=3e-3, warmup_steps=50)
    config.model.update(bn_momentum=0.9, dropout=0.5)
    config.label_smoothing = 0.05


def small(config: ml_collections.ConfigDict) -> None:
    """A few hundred labelled cells, seen about a hundred times each."""
    config.schedule.update(learning_rate=1e-3, warmup_steps=16)
    config.batch_size = 32
    config.total_steps = 1440
    config.log_every = 16
    config.checkpoint_every = 144


def sim(config: ml_collections.ConfigDict) -> None:
    """The simulated screen, in minutes on two cores."""
    config.screen = 'yeast_sim'
    # Parts of the splits, fair samples of them, to spare time.
    config.splits.update(validation='validation[:20%]', test='test[:50%]')
    config.batch_size = 64
    config.total_steps = 220
    config.log_every = 10
    config.checkpoint_every = 55


def smoke(config: ml_collections.ConfigDict) -> None:
    """Everything once, in under a minute."""
    config.screen = 'yeast_sim/smoke'
    config.batch_size = 8
    config.total_steps = 12
    config.log_every = 2
    config.checkpoint_every = 4
    config.evaluation.update(batch_size=16, resamples=50)
