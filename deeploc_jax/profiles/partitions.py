"""Cells that belong to one profile are brought together, in bounded memory.

Cells come in the order of the fields, and the wells of a protein may lie anywhere. Few
cells stay in memory; many are sorted into files by the hash of the columns that name
their profile, and each of these is then small enough to be read at once.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa

from deeploc_jax.profiles.groups import group_by

MEMORY = 256 << 20
"""Bytes of cells beyond which they are sorted into files."""
FILES = 64


def partitions(
    parts: Iterable[pa.Table],
    key: Sequence[str],
    folder: Path,
    memory: int = MEMORY,
) -> Iterator[pa.Table]:
    """Regroups tables so that rows that agree in the key are in the same table.

    Args:
        parts: Tables of one schema.
        key: Text columns.
        folder: Where files are kept as long as they are needed.
        memory: Bytes of cells that are held without files.

    Yields:
        Tables with all rows, in any order; none where there is no part.
    """
    parts, held, size = iter(parts), [], 0
    for part in parts:
        held.append(part)
        size += part.nbytes
        if size > memory:
            break
    else:
        if held:
            yield pa.concat_tables(held)
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.cells', dir=folder) as spool:
        files = [Path(spool, f'{number}.arrow') for number in range(FILES)]
        schema = held[0].schema
        with ExitStack() as stack:
            writers = [
                stack.enter_context(pa.ipc.new_stream(file, schema)) for file in files
            ]
            while held:
                _sort_in(held.pop(), key, writers)
            for part in parts:
                _sort_in(part, key, writers)
        for file in files:
            with pa.memory_map(str(file)) as source:
                table = pa.ipc.open_stream(source).read_all()
                if len(table):
                    yield table


def _sort_in(
    part: pa.Table,
    key: Sequence[str],
    writers: Sequence[pa.ipc.RecordBatchStreamWriter],
) -> None:
    groups = group_by(part, key)
    names = zip(*groups.keys.values(), strict=True)
    hashes = [zlib.crc32('\x1f'.join(name).encode()) % FILES for name in names]
    target = np.array(hashes, int)[groups.of_cell]
    for number in np.unique(target):
        writers[number].write_table(part.filter(pa.array(target == number)))
