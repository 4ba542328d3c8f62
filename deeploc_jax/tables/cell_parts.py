"""Tables of cells are read in parts, whichever task wrote them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.tables.feature_files import ABOUT, FEATURES, files_in
from deeploc_jax.tables.parquet import class_metadata, family_names
from deeploc_jax.tables.predictions import PREDICTIONS
from deeploc_jax.tables.schema import SchemaError
from deeploc_jax.tables.scored_cells import FIELDS_SCORED, SCORED_CELLS
from deeploc_jax.tables.scored_parts import scored_parts

ROWS = 65_536
"""Most rows of a part of one large file."""
_USED = ('cell_id', 'screen', 'condition', 'replicate', 'plate', 'well', 'protein')
SCORED_COLUMNS = (*_USED, 'label', 'p_<CLASS>', 'mean_<CHANNEL>')
SCORED_COLUMNS += ('corrected_<CHANNEL>', 'flags')
"""Columns of scored cells that profiles are made of."""


def cell_parts(path: Path | str) -> Iterator[pa.Table]:
    """Reads the cells of a scoring or of an evaluation, part by part.

    Args:
        path: Workdir of configs/score.py, or its folder `cells.parquet`; or
            predictions.parquet, or the workdir of the only evaluation that wrote it.

    Yields:
        Tables of `SCORED_CELLS` or of `PREDICTIONS`.

    Raises:
        FileNotFoundError: There are no cells.
        ValueError: There are several evaluations, or a file is damaged or of another
            kind.
    """
    path = Path(path)
    found = sorted(path.glob('evaluation/*/predictions.parquet'))
    if (path / SCORED_CELLS.path).exists() or (path.is_dir() and not found):
        yield from scored_parts(path, SCORED_COLUMNS)
        return
    if len(found) > 1:
        names = ', '.join(str(file) for file in found)
        raise ValueError(f'{path} has several tables of cells, name one: {names}.')
    file = found[0] if found else path
    for table in _batches(file):
        names = family_names(table.schema, PREDICTIONS, file)
        table = PREDICTIONS.check(table, file, names)
        kept = class_metadata(names['CLASS'])
        yield table.replace_schema_metadata(kept)


def cells_digest(path: Path | str) -> str:
    """Digest of all that `cell_parts` and `feature_parts` read there.

    Args:
        path: As of these; where there is nothing, the digest of nothing.
    """
    path = Path(path)
    if path.is_file():
        files = [path]
    else:
        inside = ('', f'{SCORED_CELLS.path}/', f'{FEATURES.path}/', 'evaluation/*/')
        files = [f for part in inside for f in path.glob(f'{part}[!.]*.parquet')]
        if path.name == Path(SCORED_CELLS.path).name:  # its fields have flags too
            files.append(path.parent / FIELDS_SCORED.path)
    digest = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file()):
        with file.open('rb') as content:
            found = hashlib.file_digest(content, 'sha256')
        digest.update(file.name.encode() + found.digest())
    return digest.hexdigest()


def feature_parts(path: Path | str) -> Iterator[tuple[pa.Table, tuple[str, ...]]]:
    """Reads the features of cells part by part, with the names of the features.

    Args:
        path: Workdir of configs/features.py or of a scoring with features, or the
            folder `features.parquet`.

    Raises:
        FileNotFoundError: There are no features.
        ValueError: The run is not finished, or a file is damaged or of another kind.
    """
    folder = Path(path)
    if (folder / FEATURES.path).exists():
        if not (folder / 'run.json').exists():  # written last
            raise ValueError(f'{folder} is not finished: run its config again.')
        folder = folder / FEATURES.path
    files = files_in(folder)
    if not files:
        raise FileNotFoundError(f'{path} holds no features: run configs/features.py.')
    for file in files:
        for table in _batches(file):
            stored = (table.schema.metadata or {}).get(ABOUT)
            if stored is None:
                raise ValueError(f'{file} was not written by configs/features.py.')
            names = tuple(json.loads(stored)['names'])
            table = FEATURES.check(table, file, names)
            yield table.select([*_USED, *names]), names


def _batches(file: Path) -> Iterator[pa.Table]:
    """Tables of at most `ROWS` rows; one without rows for an empty file."""
    if not file.is_file():
        raise FileNotFoundError(f'{file} does not exist.')
    try:
        with pq.ParquetFile(file) as stored:
            empty = True
            for batch in stored.iter_batches(ROWS):
                empty = False
                yield pa.Table.from_batches([batch])
            if empty:
                yield stored.schema_arrow.empty_table()
    except SchemaError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f'{file} is not a readable Parquet file: {error}') from None
