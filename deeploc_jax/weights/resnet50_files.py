"""Reads ResNet50 as Keras Applications, torchvision and timm save it.

References:
    keras/src/applications/resnet.py, torchvision/models/resnet.py: names and order of
    the layers, and the pixels that the weights of ImageNet were trained for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax import traverse_util

from deeploc_jax.models.resnet50 import STAGES, ResNet50
from deeploc_jax.weights.formats.keras_file import read_keras
from deeploc_jax.weights.formats.torch_file import read_torch
from deeploc_jax.weights.renaming import from_torch, rename, torch_names

KERAS_ENDINGS = ('.h5', '.hdf5', '.keras')
MEAN, SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # torchvision: red first
KERAS_MEAN = tuple(x / 255 for x in (103.939, 116.779, 123.68))  # Keras: blue first
KERAS_NORM = dict(scale='gamma', bias='beta', mean='moving_mean', var='moving_variance')


def is_keras(path: Path) -> bool:
    """Whether a file is one of Keras, by its ending; else it is one of PyTorch."""
    return path.suffix.lower() in KERAS_ENDINGS


def read_resnet50(path: Path | str) -> dict[str, Any]:
    """Variables of our ResNet50, which sees red, green and blue from 0 to 1.

    Args:
        path: Weights of Keras (.h5, .hdf5, .weights.h5 or .keras) or a state dictionary
            of PyTorch (.pth, .pt or .safetensors).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, or of another network: the missing names are listed.
    """
    path = Path(path)
    if is_keras(path):
        arrays = _numbered(read_keras(path))
        flat = rename(arrays, _keras_names(), path)
        first = 'params/stem/conv/kernel'
        flat[first] = flat[first][:, :, ::-1]  # red first
        pixels = dict(mean=KERAS_MEAN[::-1], sd=(1 / 255,) * 3)
    else:
        flat = from_torch(rename(read_torch(path), _torch_names(), path))
        pixels = dict(mean=MEAN, sd=SD)
    for name, values in pixels.items():
        flat[f'batch_stats/pixels/{name}'] = np.array(values, np.float32)
    return traverse_util.unflatten_dict(flat, sep='/')


def model_of(path: Path | str) -> dict[str, Any]:
    """Keyword arguments of `models.get_model` for the network of a file."""
    release = 'keras' if is_keras(Path(path)) else 'torchvision'
    return dict(name='resnet50', input_side=224, release=release)


def _layers() -> dict[str, tuple[int, int, int]]:
    """Stage, block and convolution of each of our layers, in the order of Keras."""
    layers = {}
    for stage, (_, blocks) in enumerate(STAGES, start=1):
        for block in range(1, blocks + 1):
            where = f'block_{stage}_{block}'
            for number in (1, 2, 0, 3) if block == 1 else (1, 2, 3):
                name = f'conv_{number}' if number else 'shortcut'
                layers[f'{where}/{name}'] = stage, block, number
    return layers


def _keras_layers() -> dict[str, str]:
    """Our layers -> those of Keras, without `_conv` and `_bn`, in its order."""
    return dict(stem='conv1') | {
        ours: f'conv{stage + 1}_block{block}_{number}'
        for ours, (stage, block, number) in _layers().items()
    }


def _keras_names() -> dict[str, tuple[str]]:
    names = {
        f'params/{ResNet50.HEAD}/{name}': (f'predictions/{name}',)
        for name in ('kernel', 'bias')
    }
    for ours, theirs in _keras_layers().items():
        for name in ('kernel', 'bias'):
            names[f'params/{ours}/conv/{name}'] = (f'{theirs}_conv/{name}',)
        for name, field in KERAS_NORM.items():
            part = 'params' if name in ('scale', 'bias') else 'batch_stats'
            names[f'{part}/{ours}/bn/{name}'] = (f'{theirs}_bn/{field}',)
    return names


def _numbered(arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Arrays under the names of Keras 2; Keras 3 counts the layers of each class."""
    if 'conv2d/0' not in arrays:
        return arrays
    found = {f'predictions/{n}': arrays[f'dense/{i}'] for i, n in enumerate(_LINEAR)}
    kinds = dict(conv2d=('conv', _LINEAR), batch_normalization=('bn', _NORM))
    for number, theirs in enumerate(_keras_layers().values()):
        for kind, (end, fields) in kinds.items():
            layer = f'{kind}_{number}' if number else kind
            for index, field in enumerate(fields):
                found[f'{theirs}_{end}/{field}'] = arrays[f'{layer}/{index}']
    return found


_LINEAR = ('kernel', 'bias')
_NORM = ('gamma', 'beta', 'moving_mean', 'moving_variance')


def _torch_names() -> dict[str, tuple[str]]:
    pairs = {'stem': ('conv1', 'bn1')}
    for ours, (stage, block, number) in _layers().items():
        where = f'layer{stage}.{block - 1}.'
        inside = (f'conv{number}', f'bn{number}')
        inside = inside if number else ('downsample.0', 'downsample.1')
        pairs[ours] = where + inside[0], where + inside[1]
    return torch_names(pairs, (ResNet50.HEAD, 'fc'))
