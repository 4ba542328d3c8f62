"""Reads a TensorFlow checkpoint without TensorFlow.

A checkpoint `model.ckpt` is `model.ckpt.index`, a sorted table in the format of LevelDB
whose values are protocol buffers, and `model.ckpt.data-?????-of-?????` with the bytes.
Only what a saved network needs is understood: whole arrays of numbers.

References:
    github.com/google/leveldb, doc/table_format.md.
    github.com/tensorflow/tensorflow, core/protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax.crc import masked_crc32c

MAGIC = 0xDB4775248B80FB57
FOOTER = 48  # bytes
TYPES = {1: '<f4', 2: '<f8', 3: '<i4', 9: '<i8'}


def read_bundle(path: Path | str) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint by name; those of other types than numbers not.

    Args:
        path: `<folder>/model.ckpt-5000`, with or without `.index`.

    Raises:
        FileNotFoundError: A file of it is missing.
        ValueError: A file is damaged, cut short, or holds what is not understood.
    """
    prefix = Path(str(path).removesuffix('.index'))
    index = prefix.with_name(prefix.name + '.index')
    if not index.exists():
        raise FileNotFoundError(f'There is no {index}.')
    try:
        entries = dict(_table(index.read_bytes()))
        shards = _fields(entries.pop(b'')).get(1, [1])[0]
        fields = {name.decode(): _fields(value) for name, value in entries.items()}
        return {
            name: _array(prefix, shards, entry)
            for name, entry in fields.items()
            if entry.get(1, [0])[0] in TYPES
        }
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError(f'{index} is damaged: {error!r}') from None


def _array(prefix: Path, shards: int, entry: dict[int, list[Any]]) -> np.ndarray:
    """An array from its BundleEntryProto."""
    kind, shape, shard, offset, size = (
        entry.get(number, [0])[0] for number in (1, 2, 3, 4, 5)
    )
    sizes = [_fields(dim).get(1, [0])[0] for dim in _fields(shape or b'').get(2, [])]
    data = prefix.with_name(f'{prefix.name}.data-{shard:05d}-of-{shards:05d}')
    if not data.exists():
        raise FileNotFoundError(f'There is no {data}.')
    with data.open('rb') as file:
        file.seek(offset)
        content = file.read(size)
    dtype = np.dtype(TYPES[kind])
    if not len(content) == size == math.prod(sizes) * dtype.itemsize:
        raise ValueError(f'{data} is cut short or damaged: {len(content)} of {size}.')
    if entry[6] != [masked_crc32c(content)]:
        raise ValueError(f'{data} is damaged (wrong checksum from byte {offset}).')
    return np.frombuffer(content, dtype).reshape(sizes)


def _table(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a sorted table."""
    if len(content) < FOOTER or int.from_bytes(content[-8:], 'little') != MAGIC:
        raise ValueError('The index of the checkpoint is cut short, or is none.')
    at = len(content) - FOOTER
    for _ in range(2):  # skips the handle of the metaindex
        _, at = _varint(content, at)
    offset, at = _varint(content, at)
    size, _ = _varint(content, at)
    for _, handle in _block(content, offset, size):
        offset, at = _varint(handle, 0)
        yield from _block(content, offset, _varint(handle, at)[0])


def _block(content: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; each key begins as the one before it."""
    end = offset + size + 1  # a byte more says how it is compressed
    if content[end : end + 4] != masked_crc32c(content[offset:end]):
        raise ValueError('The index of the checkpoint is damaged (wrong checksum).')
    if content[end - 1]:
        raise ValueError('The index of the checkpoint is compressed.')
    block = content[offset : offset + size]
    restarts = int.from_bytes(block[-4:], 'little')
    end, at, key = len(block) - 4 * (restarts + 1), 0, b''
    while at < end:
        shared, at = _varint(block, at)
        new, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + new]
        yield key, block[at + new : at + new + length]
        at += new + length


def _fields(message: bytes) -> dict[int, list[Any]]:
    """Fields of a protocol buffer by number; what they mean is up to the caller."""
    found: dict[int, list[Any]] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: Any
        if tag & 7 == 0:
            value, at = _varint(message, at)
        else:
            size = {1: 8, 5: 4}.get(tag & 7)
            if size is None:
                size, at = _varint(message, at)
            value, at = message[at : at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number in base 128, and where the next thing begins."""
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
