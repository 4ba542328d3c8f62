"""Tables as Parquet files, written whole and checked when they are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax import files
from deeploc_jax.tables.schema import TableSchema

_CLASS_NAMES, CHANNELS = 'class_names', 'channels'
_KEYS = {'CLASS': _CLASS_NAMES, 'CHANNEL': CHANNELS}
"""Key of the schema's metadata that holds the names of a kind of family."""


def write_table(table: pa.Table, path: Path | str) -> Path:
    """Writes Parquet; the file appears whole or not at all."""
    return files.atomic_write(path, lambda temporary: pq.write_table(table, temporary))


def read_table(path: Path | str, schema: TableSchema) -> pa.Table:
    """Reads a Parquet file that must be of this schema.

    Returns:
        The table with the schema's columns in order, then any others. A column that
        earlier versions did not write is '' or null.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no Parquet file, or its columns are not those of the schema.
    """
    table = open_table(path, schema)
    return schema.check(table, path, family_names(table.schema, schema, path))


def family_names(
    stored: pa.Schema, schema: TableSchema, path: Path | str
) -> dict[str, tuple[str, ...]]:
    """Names of the classes and channels that a stored table has columns for, by kind.

    Raises:
        ValueError: Its metadata does not say them.
    """
    return {
        kind: _stored_names(stored, _KEYS[kind], path)
        for kind in schema.kinds
        if kind in _KEYS
    }


def open_table(path: Path | str, schema: TableSchema) -> pa.Table:
    """Reads a Parquet file as it is; the schema says who writes it."""
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'{path} does not exist: run {schema.written_by} first.'
        )
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ValueError(f'{path} is not a readable Parquet file: {error}') from None


def class_metadata(class_names: Sequence[str]) -> dict[str, str]:
    """Metadata of an Arrow schema that holds the class names in index order.

    Raises:
        ValueError: There is none, or one is there twice.
    """
    twice = {name for name in class_names if list(class_names).count(name) > 1}
    if twice or not class_names:
        raise ValueError(f'class names must be given once each; twice: {twice}.')
    return {_CLASS_NAMES: json.dumps(list(class_names))}


def family_metadata(
    class_names: Sequence[str], channels: Sequence[str]
) -> dict[str, str]:
    """Metadata of an Arrow schema with columns for classes and for channels."""
    return class_metadata(class_names) | {CHANNELS: json.dumps(list(channels))}


def class_names(table: pa.Table, path: Path | str = 'The table') -> tuple[str, ...]:
    """Class names in index order, from the schema's metadata."""
    return _stored_names(table.schema, _CLASS_NAMES, path)


def channel_names(table: pa.Table, path: Path | str = 'The table') -> tuple[str, ...]:
    """Channel names, protein first, from the schema's metadata."""
    return _stored_names(table.schema, CHANNELS, path)


def _stored_names(schema: pa.Schema, key: str, path: Path | str) -> tuple[str, ...]:
    stored, words = (schema.metadata or {}).get(key.encode()), key.replace('_', ' ')
    if stored is None:
        raise ValueError(
            f"{path} has no {words} ({key.encode()!r} in the schema's metadata): it "
            'was not written by an evaluation or scoring, or rewritten without its '
            'metadata.'
        )
    try:
        return tuple(json.loads(stored))
    except (ValueError, TypeError) as error:
        raise ValueError(f'{path} has damaged {words}: {error}') from None


def class_values(table: pa.Table, prefix: str = 'p_') -> np.ndarray:
    """The <prefix><CLASS> columns as float32 [n, k] in index order."""
    names = class_names(table)
    return np.stack([table[prefix + name].to_numpy() for name in names], axis=1)
