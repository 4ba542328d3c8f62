"""Networks that were released by others, as variables of ours.

References:
    github.com/okraus/DeepLoc, nn_layers.py: names of the TensorFlow variables.
    github.com/tanelp/deepyeast, models/deepyeast.py: names of the Keras layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax import traverse_util

from deeploc_jax.weights.keras_file import read_keras
from deeploc_jax.weights.tf_checkpoint import read_checkpoint

CONVOLUTIONS = tuple(f'conv_{i}' for i in range(1, 9))
DENSE = ('fc_1', 'fc_2')
AVERAGES = {
    'mean': ('Squeeze', 'moments_1/mean'),
    'var': ('Squeeze_1', 'moments_1/variance'),
}
"""What TensorFlow called them, from 1.2 on and before."""
KERAS_LAYERS = dict(
    zip(
        (*CONVOLUTIONS, *DENSE, 'fc_3'),
        (
            *(('conv1_1', 'bn1_1'), ('conv1_2', 'bn1_2')),
            *(('conv2_1', 'bn2_1'), ('conv2_2', 'bn2_2')),
            *((f'conv3_{i}', f'bn3_{i}') for i in range(1, 5)),
            *(('ip1', 'bn4'), ('ip2', 'bn5'), ('ip3', None)),
        ),
        strict=True,
    )
)
"""Our layers -> linear layer and batch norm in DeepYeast's Keras model."""
NORM = ('gamma', 'beta', 'moving_mean', 'moving_variance')


def read_tf1_deeploc(path: Path | str) -> dict[str, Any]:
    """Variables of our DeepLoc from a TensorFlow 1 checkpoint of the released code.

    Raises:
        FileNotFoundError: There is no such checkpoint.
        ValueError: It is damaged, of a kind that is not read, or not of DeepLoc: the
            missing names are listed.
    """
    arrays = read_checkpoint(path)
    flat: dict[str, np.ndarray] = {}
    missing: list[str] = []

    def take(name: str, *sources: str) -> None:
        found = [arrays[source] for source in sources if source in arrays]
        if found:
            flat[name] = found[0]
        else:
            missing.append(' or '.join(sources))

    for layer in (*CONVOLUTIONS, *DENSE, 'final_layer'):
        kind = 'conv' if layer in CONVOLUTIONS else 'dense'
        norm = f'{layer}/batch_norm/{layer}_batch_norm'
        take(f'params/{layer}/{kind}/kernel', f'{layer}/weights/Variable')
        take(f'params/{layer}/bias', f'{layer}/biases/Variable')
        take(f'params/{layer}/bn/scale', f'{norm}/gamma')
        take(f'params/{layer}/bn/bias', f'{norm}/beta')
        for ours, theirs in AVERAGES.items():
            places = (
                f'{layer}_batch_norm/{norm}/moments/{name}/ExponentialMovingAverage'
                for name in theirs
            )
            take(f'batch_stats/{layer}/bn/{ours}', *places)
    _check(missing, arrays, path)
    return traverse_util.unflatten_dict(flat, sep='/')


def read_keras_deepyeast(path: Path | str) -> dict[str, Any]:
    """Variables of our DeepYeast from the weights that Keras saved.

    Theirs sees red before green, pixels from -1 to 1; ours green before red, from 0 to
    1 less a mean image: the first kernel is turned and doubled, the mean 0.5.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no file of Keras weights, or not of DeepYeast: the missing
            names are listed.
    """
    arrays = _by_name(read_keras(Path(path)))
    flat: dict[str, np.ndarray] = {}
    missing: list[str] = []

    def take(name: str, source: str) -> None:
        if source in arrays:
            flat[name] = arrays[source]
        else:
            missing.append(source)

    for layer, (linear, norm) in KERAS_LAYERS.items():
        kind = 'conv/' if layer in CONVOLUTIONS else 'dense/' if norm else ''
        take(f'params/{layer}/{kind}kernel', f'{linear}/kernel')
        take(f'params/{layer}/bias', f'{linear}/bias')
        if norm:
            take(f'params/{layer}/bn/scale', f'{norm}/gamma')
            take(f'params/{layer}/bn/bias', f'{norm}/beta')
            take(f'batch_stats/{layer}/bn/mean', f'{norm}/moving_mean')
            take(f'batch_stats/{layer}/bn/var', f'{norm}/moving_variance')
    _check(missing, arrays, path)
    first = 'params/conv_1/conv/kernel'
    flat[first] = 2 * flat[first][:, :, ::-1]
    flat['batch_stats/mean_image'] = np.full((64, 64, 2), 0.5, np.float32)
    return traverse_util.unflatten_dict(flat, sep='/')


def _by_name(arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Arrays under the names of Keras 2; Keras 3 counts the layers of each class."""
    if 'conv2d/0' not in arrays:
        return arrays
    linear, norms = (list(names) for names in zip(*KERAS_LAYERS.values(), strict=True))
    convolutions = len(CONVOLUTIONS)
    found = {}
    for kind, layers, names in (
        ('conv2d', linear[:convolutions], ('kernel', 'bias')),
        ('dense', linear[convolutions:], ('kernel', 'bias')),
        ('batch_normalization', norms[:-1], NORM),
    ):
        for number, layer in enumerate(layers):
            theirs = f'{kind}_{number}' if number else kind
            for index, name in enumerate(names):
                if f'{theirs}/{index}' in arrays:
                    found[f'{layer}/{name}'] = arrays[f'{theirs}/{index}']
    return found


def _check(missing: list[str], arrays: Mapping[str, Any], path: Path | str) -> None:
    if missing:
        there = '\n  '.join(sorted(arrays)) or 'nothing'
        wanted = '\n  '.join(missing)
        raise ValueError(f'{path} lacks\n  {wanted}\nIt has\n  {there}')


RELEASED: dict[str, Callable[[Path | str], dict[str, Any]]] = {
    'deeploc': read_tf1_deeploc,
    'deepyeast': read_keras_deepyeast,
}
"""Readers of released weights by the name of the network."""
