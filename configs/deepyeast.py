"""DeepYeast: the network and recipe of Parnamaa & Parts 2017.

    python launch.py --config=configs/deepyeast.py --config.manual_dir=<released files>
    python launch.py --config=configs/deepyeast.py:5 --config.manual_dir=<...>

Number of layers after a colon: 5, 9, 11 (the published network) or 13. Whole crops of
64x64 pixels, no augmentation; the weights with the least validation loss are kept.

Pixels are divided by one number, which keeps brightness: 255 for the released images,
which are uint8. Another screen may need another, its white level:

    --config.screen=yeast_sim --config.white_level=4095
"""

import ml_collections

from configs import deeploc


def get_config(depth: str = '11') -> ml_collections.ConfigDict:
    """The published protocol with a network of some depth."""
    config = deeploc.get_config()
    config.screen = 'deepyeast/main'
    config.normalization = 'unit'
    config.augmentation.update(crop=64, symmetries=False)
    config.model = dict(
        name='deepyeast',
        depth=int(depth),
        dropout=0.5,
        bn_momentum=0.9,
        compute_dtype='float32',
    )
    config.optimizer.update(name='sgd', momentum=0.9, weight_decay=5e-4)
    config.schedule.update(name='halving', learning_rate=0.1, decay_every=16_250)
    config.batch_size = 100
    config.total_steps = 195_000
    config.select_by = 'validation/loss'
    config.evaluation.update(crops=1, batch_size=100)
    return config
