"""DeepYeast is the network and the recipe of Parnamaa & Parts 2017.

    python launch.py --config=configs/deepyeast.py --config.manual_dir=<released files>
    python launch.py --config=configs/deepyeast.py:5 --config.manual_dir=<...>

The number of layers stands after a colon: 5, 9, 11 (the published network) or 13. Whole
crops of 64x64 pixels are used without augmentation, and the weights with the smallest
validation loss are kept. Fields that are not set here are explained in `deeploc.py`.

Pixels are divided by one number, which keeps brightness: 255 for the released images,
which are uint8. Another screen may need another, its white level:

    --config.screen=yeast_sim --config.white_level=4095

Result: not run on the released files, which were not available. 1,000 of the 195,000
steps on yeast_sim 3.0.0, with an earlier normalization: test accuracy 0.477 (95 % 0.410
to 0.543), seed 0. This says that it trains, not how good it is.
Time: 43 minutes for these 1,000 steps on one CPU core (AMD EPYC); the whole needs a GPU
and was not measured.
"""

import ml_collections

from configs import deeploc


def get_config(depth: str = '11') -> ml_collections.ConfigDict:
    """The published protocol with a network of some depth."""
    config = deeploc.get_config()
    config.screen = 'deepyeast/main'  # any screen, as in deeploc.py
    config.normalization = 'unit'  # percentile, unit or none; unit keeps brightness
    # crop: 8 to 64 pixels, 64 is the whole image; symmetries: True or False.
    config.augmentation.update(crop=64, symmetries=False)
    config.model = dict(
        name='deepyeast',  # deepyeast; the other networks have no depth
        depth=int(depth),  # layers: 5, 9, 11 or 13
        dropout=0.5,  # share of dense units left out in a step, 0 to below 1
        bn_momentum=0.9,  # decay of the running averages of batch norm, 0 to 1
        compute_dtype='float32',  # float32, or bfloat16: faster on GPUs, not on CPUs
    )
    # name: adam, adamw or sgd; weight_decay acts as an L2 penalty with sgd.
    config.optimizer.update(name='sgd', momentum=0.9, weight_decay=5e-4)
    # name: exponential, halving, cosine or constant; decay_every: steps.
    config.schedule.update(name='halving', learning_rate=0.1, decay_every=16_250)
    config.batch_size = 100  # cells of a step, over all devices of all hosts
    config.total_steps = 195_000  # 300 passes over the 65,000 training cells
    # validation/loss, validation/accuracy or validation/balanced_accuracy.
    config.select_by = 'validation/loss'
    # crops: 1 or 5, which are the same where a crop is the whole image.
    config.evaluation.update(crops=1, batch_size=100)
    return config
