"""Networks that others released stand in one table, which holds all known of them.

To add a network, write a reader of its file that names the arrays as our network does,
and a row here. A network with another architecture is added to `models.MODELS` first,
and one that sees pixels on another scale to `data.normalize.NORMALIZATIONS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deeploc_jax.weights.deeploc_tensorflow import read_tf1_deeploc
from deeploc_jax.weights.deepyeast_keras import read_keras_deepyeast


@dataclasses.dataclass(frozen=True)
class Released:
    """A released network: how its file is read, and how it is used.

    Attributes:
        read: File of weights -> variables of our network.
        model: Keyword arguments of `models.get_model` except the number of classes.
        screen: Data set it was trained on, whose classes are its outputs in order.
        channels: Channels it takes in order, protein first.
        side: Side in pixels of the images that are normalized and cropped.
        crop: Side in pixels of the crops it looks at.
        crops: Number of crops of a cell that its authors average over.
        normalization: Key of `data.normalize.NORMALIZATIONS`.
        license: License of the weights, as their authors state it.
        note: Remarks for users of the weights.
    """

    read: Callable[[Path | str], dict[str, Any]]
    model: dict[str, Any]
    screen: str
    channels: tuple[str, ...]
    side: int
    crop: int
    crops: int
    normalization: str
    license: str = 'not stated'
    note: str = ''


RELEASED = {
    'deeploc': Released(
        read=read_tf1_deeploc,
        model=dict(name='deeploc', bn_momentum=0.5),
        screen='chong2015',
        channels=('GFP', 'RFP'),
        side=64,
        crop=60,
        crops=5,
        normalization='percentile',
        note='Trained on pixels as the released code scales them: the lowest 0.1 % are '
        'not clipped, and a channel whose range is at most 1 is not scaled. Here '
        'pixels are scaled as the paper says.',
    ),
    'deepyeast': Released(
        read=read_keras_deepyeast,
        model=dict(name='deepyeast', bn_momentum=0.99),
        screen='deepyeast/main',
        channels=('GFP', 'RFP'),
        side=64,
        crop=64,
        crops=1,
        normalization='unit',
    ),
}
"""Released networks by the name that `configs/convert.py` takes."""
