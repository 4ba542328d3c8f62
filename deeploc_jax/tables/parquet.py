"""Tables of an evaluation as Parquet files, written whole and checked when read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax import files
from deeploc_jax.tables import schema


def write_table(table: pa.Table, path: Path | str) -> Path:
    """Writes Parquet; the file appears whole or not at all."""
    return files.atomic_write(path, lambda temporary: pq.write_table(table, temporary))


def read_predictions(path: Path | str) -> pa.Table:
    """Reads predictions.parquet; a ValueError says which columns are not as needed.

    Tables of earlier versions have no novelty, condition and replicate: the first is
    null then, the others ''.
    """
    table = schema.with_later(_read(path))
    if 'novelty' not in table.column_names:
        table = table.append_column('novelty', pa.nulls(len(table), pa.float32()))
    return _checked(table, schema.predictions_schema(class_names(table, path)), path)


def read_proteins(path: Path | str) -> pa.Table:
    """Reads proteins.parquet; a ValueError says which columns are not as needed."""
    table = _read(path)
    return _checked(table, schema.proteins_schema(class_names(table, path)), path)


def class_names(table: pa.Table, path: Path | str = 'The table') -> tuple[str, ...]:
    """Class names in index order, from the schema's metadata."""
    stored = (table.schema.metadata or {}).get(b'class_names')
    if stored is None:
        raise ValueError(
            f"{path} has no class names (b'class_names' in the schema's metadata): it "
            'was not written by an evaluation, or rewritten without its metadata.'
        )
    return tuple(json.loads(stored))


def class_values(table: pa.Table, prefix: str = 'p_') -> np.ndarray:
    """The <prefix><CLASS> columns as float32 [n, k] in index order."""
    names = class_names(table)
    return np.stack([table[prefix + name].to_numpy() for name in names], axis=1)


def _read(path: Path | str) -> pa.Table:
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path} does not exist: run an evaluation first.')
    try:
        return pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f'{path} is not a readable Parquet file: {error}') from None


def _checked(table: pa.Table, schema: pa.Schema, path: Path | str) -> pa.Table:
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise ValueError(f'{path} lacks the columns {", ".join(missing)}.')
    wrong = [
        f'{field.name} ({table.schema.field(field.name).type}, not {field.type})'
        for field in schema
        if table.schema.field(field.name).type != field.type
    ]
    if wrong:
        raise ValueError(f'{path} has columns of another type: {", ".join(wrong)}.')
    return table
