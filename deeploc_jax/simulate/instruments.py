"""The instruments that simulated screens are imaged with.

OPERA follows the spinning disk of Chong et al. 2015, OTHER the microscope of the wt2017
screen of Kraus et al. 2017, MANUAL the wide-field images of Yofe et al. 2016.
"""

from __future__ import annotations

import dataclasses

from deeploc_jax.simulate.camera import Camera
from deeploc_jax.simulate.plate import Channel, Instrument

OPERA = Instrument(
    channels=(
        Channel('GFP', 'protein', (1.1, 1.9), glow=(5, 20), registered=False),
        Channel('RFP', 'cytosol', (1.4, 2.4), level=68),
    )
)
SMALL_CHIP = dataclasses.replace(OPERA, field_shape=(320, 432))
TINY_CHIP = dataclasses.replace(OPERA, field_shape=(192, 256))
OTHER = Instrument(
    channels=(
        Channel('GFP', 'protein', (0.9, 1.5), glow=(3, 9), registered=False),
        Channel('far_red', 'cytosol', (1.3, 2.0), level=28, background=(1, 4)),
        Channel('nucleus', 'nucleus', (1.0, 1.7), level=45, glow=(1, 3)),
    ),
    scale=0.84,
    section=(4.0, 6.0),
    haze=(0.05, 0.2),
    vignette=(0.0, 0.15),
    field_shape=(1080, 1080),
    camera=Camera(offset=400, gain=2.2, read_noise=1.6, maximum=65535),
)
MANUAL = Instrument(
    channels=(
        Channel('RFP', 'protein', (1.0, 1.9), level=8, glow=(10, 40), registered=False),
        Channel('brightfield', 'brightfield', (0.8, 1.2), level=600),
    ),
    scale=0.62,
    section=(9.0, 14.0),  # not confocal
    haze=(0.5, 0.9),
    heights=(1.0, 3.0),
    field_shape=(640, 840),
    camera=Camera(offset=200, gain=3.0, read_noise=4.0, maximum=16383),
)
