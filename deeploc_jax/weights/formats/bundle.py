"""Reads the arrays of a TensorFlow checkpoint of format V2, the usual one since 1.0.

Such a checkpoint is `model.ckpt.index`, a sorted table whose values are protocol
buffers, and `model.ckpt.data-?????-of-?????` with the bytes. The reader understands
what a saved network needs: whole arrays of numbers. Other entries are skipped.

References:
    github.com/tensorflow/tensorflow, core/protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax.crc import masked_crc32c
from deeploc_jax.weights.formats.sstable import fields, read_table, sizes

TYPES = {1: '<f4', 2: '<f8', 3: '<i4', 9: '<i8'}


def read_bundle(prefix: Path) -> dict[str, np.ndarray]:
    """Reads the numeric arrays of a checkpoint by name.

    Args:
        prefix: `<folder>/model.ckpt-5000`, without `.index`.

    Raises:
        FileNotFoundError: A file of the checkpoint is missing.
        ValueError: A file is damaged, cut short, or has arrays in parts.
    """
    index = prefix.with_name(prefix.name + '.index')
    entries = dict(read_table(index))
    try:
        header = fields(entries.pop(b''))
        entries = {name: fields(value) for name, value in entries.items()}
        _check_whole(index, header, entries)
        shards = header.get(1, [1])[0]
        return {
            name.decode(): _array(prefix, shards, entry)
            for name, entry in entries.items()
            if entry.get(1, [0])[0] in TYPES
        }
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError(f'{index} is damaged: {error!r}') from None


def _check_whole(index: Path, header: dict[int, Any], entries: dict[bytes, Any]):
    """Raises a ValueError for arrays in parts or of a big-endian machine."""
    if header.get(2, [0])[0]:
        raise ValueError(
            f'{index} was written on a big-endian machine, which is not supported.'
        )
    parts = [name.decode() for name, entry in entries.items() if 7 in entry]
    if parts:
        raise ValueError(
            f'{index} holds variables in several slices, which are not supported: '
            f'{", ".join(sorted(parts))}. Restore it in TensorFlow and save it without '
            'a partitioner.'
        )


def _array(prefix: Path, shards: int, entry: dict[int, list[Any]]) -> np.ndarray:
    """An array from its BundleEntryProto."""
    kind, shape, shard, offset, size = (
        entry.get(number, [0])[0] for number in (1, 2, 3, 4, 5)
    )
    sides = sizes(shape or b'')
    data = prefix.with_name(f'{prefix.name}.data-{shard:05d}-of-{shards:05d}')
    if not data.exists():
        raise FileNotFoundError(f'There is no {data}.')
    with data.open('rb') as file:
        file.seek(offset)
        content = file.read(size)
    dtype = np.dtype(TYPES[kind])
    if not len(content) == size == math.prod(sides) * dtype.itemsize:
        raise ValueError(
            f'{data} is truncated or damaged: it has {len(content)} of {size} bytes.'
        )
    if entry[6] != [masked_crc32c(content)]:
        raise ValueError(f'{data} is damaged (wrong checksum from byte {offset}).')
    return np.frombuffer(content, dtype).reshape(sides)
