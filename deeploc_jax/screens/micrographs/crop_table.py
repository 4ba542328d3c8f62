"""The crops of a screen become one table, which the builder `own_screen` reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.files import atomic_write
from deeploc_jax.screens.micrographs.crop_parts import PLACE, read_about
from deeploc_jax.screens.scoring.field_cells import SCORED

TABLE = 'crops.parquet'
_COLUMNS = ('cell_id', *PLACE, 'x', 'y')


def write_crop_table(workdir: Path, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Writes `crops.parquet`, a row a crop, with the columns of a table of own cells.

    `row` and `column` are those of the well, for `group_by`: wells of one row share
    much of what happened to a plate.

    Args:
        workdir: Workdir of the run.
        files: Files of the parts.

    Returns:
        What became of each field, as in `fields.parquet`.

    Raises:
        ValueError: There is no crop in them.
    """
    tables = [_read_part(workdir, file) for file in files]
    table = pa.concat_tables(tables)
    if not len(table):
        raise ValueError('No cell was found in any field: there is nothing to prepare.')
    atomic_write(workdir / TABLE, lambda path: pq.write_table(table, path))
    return [row for file in files for row in read_about(file)['fields']]


def describe_pixel_types(rows: Iterable[Mapping[str, Any]]) -> str:
    """A warning that fields differ in the type of their pixels, '' where they do not.

    Args:
        rows: What became of each field, see `write_crop_table`.
    """
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row['status'] == SCORED and (kind := row.get('pixel_type')):
            kinds.setdefault(kind, []).append(row)
    if len(kinds) < 2:
        return ''
    lines = [
        f'  {kind}: {len(found):,} field{"s"[: len(found) > 1]}, for example '
        f'{found[0]["file"]}'
        for kind, found in kinds.items()
    ]
    return '\n'.join(
        [
            f'WARNING: fields have pixels of {len(kinds)} types:',
            *lines,
            'All are stored in one type that holds them, and their gray values stay as '
            'they are: nothing is scaled. A network with the normalization percentile '
            'sees no difference; for one with unit, prepare them as two screens.',
        ]
    )


def _read_part(workdir: Path, file: Path) -> pa.Table:
    with np.load(file, allow_pickle=False) as archive:
        columns = {name: archive[name].tolist() for name in _COLUMNS}
    count = len(columns['cell_id'])
    wells = [re.fullmatch(r'([A-Z]+)(\d+)', well) for well in columns['well']]
    columns['row'] = [well[1] if well else '' for well in wells]
    columns['column'] = [well[2] if well else '' for well in wells]
    columns['image'] = [file.relative_to(workdir).as_posix()] * count
    columns['index'] = list(range(count))
    types = dict.fromkeys(columns, pa.string())
    types |= dict(x=pa.float64(), y=pa.float64(), index=pa.int64())
    return pa.table(columns, pa.schema(types))
