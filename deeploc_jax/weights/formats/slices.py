"""Reads the arrays of a TensorFlow checkpoint of format V1, the usual one before 1.0.

Such a checkpoint is one file, `model.ckpt-5000`, or several,
`model.ckpt-5000-00000-of-00002`. Each is a sorted table whose first value describes the
arrays, while the others hold parts of them.

References:
    github.com/tensorflow/tensorflow, core/util/saved_tensor_slice.proto and
    core/framework/{tensor,tensor_slice}.proto.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax.weights.formats.bundle import TYPES
from deeploc_jax.weights.formats.sstable import fields, read_table, sizes, varint

VALUES = {1: 5, 2: 6, 3: 7, 9: 10}
"""Type of an array -> number of the field of a TensorProto with its values."""


def read_slices(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Reads the numeric arrays of a checkpoint by name.

    Args:
        paths: All files of the checkpoint.

    Raises:
        ValueError: A file is damaged or cut short, or lacks part of an array.
    """
    arrays: dict[str, np.ndarray] = {}
    filled: Counter[str] = Counter()
    for path in paths:
        (_, first), *parts = read_table(path)
        try:
            kinds = {}
            for name, kind, shape in _described(first):
                kinds[name] = kind
                arrays.setdefault(name, np.zeros(shape, TYPES[kind]))
            for _, value in parts:
                saved = fields(fields(value)[2][0])
                name = saved[1][0].decode()
                if name in kinds:
                    filled[name] += _fill(arrays[name], kinds[name], saved)
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f'{path} is damaged: {error!r}') from None
    lacking = sorted(name for name, x in arrays.items() if filled[name] != x.size)
    if lacking:
        raise ValueError(f'{paths[0]} lacks parts of {", ".join(lacking)}.')
    return arrays


def _described(first: bytes) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    """Name, type and shape of each numeric array of a file."""
    for about in map(fields, fields(fields(first)[1][0]).get(1, [])):
        if (kind := about[3][0]) in TYPES:
            yield about[1][0].decode(), kind, sizes(about.get(2, [b''])[0])


def _fill(array: np.ndarray, kind: int, saved: dict[int, list[Any]]) -> int:
    """Copies a SavedSlice to its place in an array and returns its size."""
    extents = map(fields, fields(saved.get(2, [b''])[0]).get(1, []))
    region = tuple(
        slice(start := e.get(1, [0])[0], start + e[2][0]) if 2 in e else slice(None)
        for e in extents
    )
    numbers = _numbers(fields(saved.get(3, [b''])[0]), kind)
    array[region] = numbers.reshape(np.shape(array[region]))
    return numbers.size


def _numbers(tensor: dict[int, list[Any]], kind: int) -> np.ndarray:
    """The numbers of a TensorProto, flat."""
    content = b''.join(tensor.get(VALUES[kind], []))
    if np.dtype(TYPES[kind]).kind == 'f':
        return np.frombuffer(content, TYPES[kind])
    numbers, at = [], 0
    while at < len(content):
        value, at = varint(content, at)
        numbers.append(value - (value >> 63 << 64))  # two's complement
    return np.array(numbers, TYPES[kind])
