"""Reads DeepYeast as its authors released it, the weights of a Keras model.

References:
    github.com/tanelp/deepyeast, models/deepyeast.py: names of the Keras layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax import traverse_util

from deeploc_jax.weights.formats.keras_file import read_keras
from deeploc_jax.weights.renaming import CONVOLUTIONS, DENSE, rename

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


def read_keras_deepyeast(path: Path | str) -> dict[str, Any]:
    """Variables of our DeepYeast from the weights that Keras saved.

    The released network sees red before green, with pixels from -1 to 1. Ours sees
    green before red, with pixels from 0 to 1 less a mean image: the channels of the
    first kernel are exchanged and its values doubled, and the mean image is 0.5.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no file of Keras weights, or not of DeepYeast: the missing
            names are listed.
    """
    flat = rename(_by_name(read_keras(Path(path))), _names(), path)
    first = 'params/conv_1/conv/kernel'
    flat[first] = 2 * flat[first][:, :, ::-1]
    flat['batch_stats/mean_image'] = np.full((64, 64, 2), 0.5, np.float32)
    return traverse_util.unflatten_dict(flat, sep='/')


def _names() -> dict[str, tuple[str]]:
    """Our name of each array -> its name in Keras 2."""
    names: dict[str, tuple[str]] = {}
    for layer, (linear, norm) in KERAS_LAYERS.items():
        kind = 'conv/' if layer in CONVOLUTIONS else 'dense/' if norm else ''
        names |= {
            f'params/{layer}/{kind}kernel': (f'{linear}/kernel',),
            f'params/{layer}/bias': (f'{linear}/bias',),
        }
        if norm:
            ours = ('params', 'params', 'batch_stats', 'batch_stats')
            fields = ('scale', 'bias', 'mean', 'var')
            names |= {
                f'{part}/{layer}/bn/{field}': (f'{norm}/{theirs}',)
                for part, field, theirs in zip(ours, fields, NORM, strict=True)
            }
    return names


def _by_name(arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Arrays under the names of Keras 2; Keras 3 counts the layers of each class."""
    if 'conv2d/0' not in arrays:
        return arrays
    linear, norms = (list(names) for names in zip(*KERAS_LAYERS.values(), strict=True))
    convolutions = len(CONVOLUTIONS)
    renamed = {}
    for kind, layers, names in (
        ('conv2d', linear[:convolutions], ('kernel', 'bias')),
        ('dense', linear[convolutions:], ('kernel', 'bias')),
        ('batch_normalization', norms[:-1], NORM),
    ):
        for number, layer in enumerate(layers):
            theirs = f'{kind}_{number}' if number else kind
            for index, name in enumerate(names):
                if f'{theirs}/{index}' in arrays:
                    renamed[f'{layer}/{name}'] = arrays[f'{theirs}/{index}']
    return renamed
