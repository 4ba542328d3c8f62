"""The learning curves of all rounds are kept in `learning.csv`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from deeploc_jax.files import atomic_write
from deeploc_jax.tables.curation import LEARNING
from deeploc_jax.tables.schema import rows_to_table


def read_points(workdir: Path) -> list[dict[str, Any]]:
    """All rows of `LEARNING`, [] before the first round."""
    path = workdir / LEARNING.path
    if not path.exists():
        return []
    schema = LEARNING.arrow()
    types = pa_csv.ConvertOptions(column_types=schema)
    return LEARNING.check(
        pa_csv.read_csv(path, convert_options=types), path
    ).to_pylist()


def points_of(workdir: Path, network: str) -> list[dict[str, Any]]:
    """The last point of each round of a network, in their order.

    Args:
        workdir: Workdir of the curation.
        network: Beginning of the network's digest.
    """
    rows = [row for row in read_points(workdir) if row['network'] == network]
    return list({row['round']: row for row in rows}.values())


def append_points(workdir: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Adds rows of `LEARNING`; the file appears whole or not at all."""
    path, buffer = workdir / LEARNING.path, io.BytesIO()
    table = rows_to_table([*read_points(workdir), *rows], LEARNING.arrow())
    pa_csv.write_csv(table.cast(pa.schema(LEARNING.arrow())), buffer)
    atomic_write(path, lambda temporary: temporary.write_bytes(buffer.getvalue()))
