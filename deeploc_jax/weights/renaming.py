"""Arrays that others saved get the names of our variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

CONVOLUTIONS = tuple(f'conv_{i}' for i in range(1, 9))
DENSE = ('fc_1', 'fc_2')
"""Layers that both published networks have; that of the classes follows."""
TORCH_NORM = {
    'params/{}/bn/scale': 'weight',
    'params/{}/bn/bias': 'bias',
    'batch_stats/{}/bn/mean': 'running_mean',
    'batch_stats/{}/bn/var': 'running_var',
}
"""Our arrays of a layer's batch norm -> those of PyTorch."""


def rename(
    arrays: Mapping[str, np.ndarray],
    names: Mapping[str, Sequence[str]],
    path: Path | str,
) -> dict[str, np.ndarray]:
    """The arrays by our names.

    Args:
        arrays: The arrays by their names in the file.
        names: Our name of each array -> names that it may have in the file, the first
            that is there is taken.
        path: File that the error names.

    Raises:
        ValueError: The file lacks arrays; they are listed beside those it has.
    """
    there = {
        name: next((theirs for theirs in choices if theirs in arrays), None)
        for name, choices in names.items()
    }
    missing = [' or '.join(names[ours]) for ours, theirs in there.items() if not theirs]
    if missing:
        lines = '\n  '.join(missing)
        others = '\n  '.join(sorted(arrays)) or 'nothing'
        raise ValueError(f'{path} lacks\n  {lines}\nIt has\n  {others}')
    return {ours: arrays[theirs] for ours, theirs in there.items() if theirs}


def torch_names(
    layers: Mapping[str, tuple[str, str]], head: tuple[str, str]
) -> dict[str, tuple[str]]:
    """Our name of each array of a network -> its name in a file of PyTorch.

    Args:
        layers: Our layers -> convolution and batch norm there.
        head: Our layer of the classes, and the one there.
    """
    ours, theirs = head
    names = {
        f'params/{ours}/kernel': (f'{theirs}.weight',),
        f'params/{ours}/bias': (f'{theirs}.bias',),
    }
    for layer, (convolution, norm) in layers.items():
        names[f'params/{layer}/conv/kernel'] = (f'{convolution}.weight',)
        for name, field in TORCH_NORM.items():
            names[name.format(layer)] = (f'{norm}.{field}',)
    return names


def from_torch(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of PyTorch, by our names, as float32 with their axes in our order.

    Kernels are [out, in, ...] there and [..., in, out] here.
    """
    turned = {
        name: np.moveaxis(array, (0, 1), (-1, -2)) if name.endswith('kernel') else array
        for name, array in arrays.items()
    }
    return {n: np.ascontiguousarray(a, np.float32) for n, a in turned.items()}
