"""Three instruments image the simulated screens.

OPERA follows the spinning disk of Chong et al. 2015. OTHER follows example fields of
another screen (github.com/BooneAndrewsLab/CycleNET), with the markers of wt2017 (Kraus
et al. 2017). MANUAL follows crops of Yofe et al. 2016, Nat. Methods 13:371, which are
assumed to be from a wide-field microscope.
"""

from __future__ import annotations

import dataclasses

from deeploc_jax.simulate.microscope.camera import Camera
from deeploc_jax.simulate.microscope.plate import Channel, Instrument

OPERA = Instrument(
    channels=(
        Channel('GFP', 'protein', (1.1, 1.9), glow=(5, 20), registered=False),
        Channel('RFP', 'cytosol', (1.4, 2.4), level=68),
    )
)
VARIED = dataclasses.replace(
    OPERA,
    channels=(
        Channel('GFP', 'protein', (0.8, 2.0), glow=(2, 30), registered=False),
        Channel('RFP', 'cytosol', (0.9, 2.4), level=68, glow=(0, 10)),
    ),
    magnification=(0.55, 1.7),
    section=(4.5, 14.0),
    haze=(0.05, 1.0),
    bleed=(0.0, 0.3),
    exposure=(0.6, 15.0),
    smoothing=(0.0, 1.2),
    field_shape=(480, 640),
)
SMALL_CHIP = dataclasses.replace(OPERA, field_shape=(320, 432))
TINY_CHIP = dataclasses.replace(OPERA, field_shape=(192, 256))
OTHER = Instrument(
    channels=(
        Channel(
            'GFP',
            'protein',
            (0.8, 1.3),
            level=3,
            glow=(30, 70),
            background=(20, 50),
            registered=False,
        ),
        Channel('far_red', 'cytosol', (0.75, 1.15), level=1500, background=(40, 120)),
        Channel(
            'nucleus',
            'nucleus',
            (0.9, 1.5),
            level=1500,
            glow=(40, 90),
            background=(15, 45),
        ),
    ),
    scale=0.6,
    section=(4.0, 7.0),
    haze=(0.05, 0.25),
    vignette=(0.0, 0.15),
    field_shape=(1080, 1080),
    camera=Camera(offset=120, gain=2.2, read_noise=2.0, maximum=65535, smoothing=0.55),
)
MANUAL = Instrument(
    channels=(
        Channel(
            'RFP', 'protein', (0.8, 1.6), level=12, glow=(60, 300), registered=False
        ),
        Channel('brightfield', 'brightfield', (0.5, 0.9), level=2000),
    ),
    scale=0.62,
    section=(9.0, 14.0),  # not confocal
    haze=(0.8, 1.5),
    haze_sigma=(5.0, 12.0),
    heights=(1.0, 3.0),
    field_shape=(640, 840),
    camera=Camera(offset=200, gain=3.0, read_noise=4.0, maximum=16383, smoothing=0.5),
)
