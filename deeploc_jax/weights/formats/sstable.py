"""Reads sorted tables and protocol buffers, the formats of TensorFlow checkpoints.

References:
    github.com/google/leveldb, doc/table_format.md.
    protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deeploc_jax.crc import masked_crc32c

MAGIC = (0xDB4775248B80FB57).to_bytes(8, 'little')
FOOTER = 48  # bytes


def is_table(path: Path) -> bool:
    """Whether a file ends with the mark of a sorted table."""
    with path.open('rb') as file:
        file.seek(0, 2)
        file.seek(max(file.tell() - len(MAGIC), 0))
        return file.read() == MAGIC


def read_table(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yields keys and values of a sorted table.

    Raises:
        ValueError: The file is damaged, cut short, or compressed.
    """
    content = path.read_bytes()
    if len(content) < FOOTER or not content.endswith(MAGIC):
        raise ValueError(f'{path} is cut short, or no checkpoint of TensorFlow.')
    try:
        at = len(content) - FOOTER
        for _ in range(2):  # skips the handle of the metaindex
            _, at = varint(content, at)
        offset, at = varint(content, at)
        size, _ = varint(content, at)
        for _, handle in _block(content, offset, size):
            offset, at = varint(handle, 0)
            yield from _block(content, offset, varint(handle, at)[0])
    except (IndexError, ValueError) as error:
        raise ValueError(f'{path} is damaged: {error}') from None


def _block(content: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yields keys and values of a block, whose keys share beginnings."""
    end = offset + size + 1  # one more byte says how it is compressed
    if content[end : end + 4] != masked_crc32c(content[offset:end]):
        raise ValueError(f'wrong checksum from byte {offset}.')
    if content[end - 1]:
        raise ValueError('it is compressed, which TensorFlow never does.')
    block = content[offset : offset + size]
    restarts = int.from_bytes(block[-4:], 'little')
    end, at, key = len(block) - 4 * (restarts + 1), 0, b''
    while at < end:
        shared, at = varint(block, at)
        new, at = varint(block, at)
        length, at = varint(block, at)
        key = key[:shared] + block[at : at + new]
        yield key, block[at + new : at + new + length]
        at += new + length


def fields(message: bytes) -> dict[int, list[Any]]:
    """Values of a protocol buffer by the number of their field, uninterpreted."""
    found: dict[int, list[Any]] = {}
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        value: Any
        if tag & 7 == 0:
            value, at = varint(message, at)
        else:
            size = {1: 8, 5: 4}.get(tag & 7)
            if size is None:
                size, at = varint(message, at)
            value, at = message[at : at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def sizes(shape: bytes) -> tuple[int, ...]:
    """Shape of an array from its TensorShapeProto."""
    return tuple(fields(dim).get(1, [0])[0] for dim in fields(shape).get(2, []))


def varint(content: bytes, at: int) -> tuple[int, int]:
    """Reads a number in base 128; returns it and the position after it."""
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
