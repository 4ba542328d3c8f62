"""Reads the cells of a scored screen, at once or part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.tables.feature_files import files_in
from deeploc_jax.tables.parquet import family_metadata, family_names, read_table
from deeploc_jax.tables.scored_cells import FIELDS_SCORED, PLACE, SCORED_CELLS

Place = tuple[str, ...]


def read_scored_cells(
    path: Path | str, columns: Sequence[str] | None = None
) -> pa.Table:
    """Reads the cells of a scored screen.

    Args:
        path: Workdir of configs/score.py, or its folder `cells.parquet`, of which a run
            may still be under way.
        columns: Names of the columns wanted; 'p_<CLASS>' and the like stand for a whole
            family. None for all.

    Returns:
        One row per cell. The flags of the field are among those of the cell, where
        `fields.parquet` is beside the folder. See `class_names` and `channel_names`.

    Raises:
        FileNotFoundError: There are no scored cells.
        ValueError: The run is not finished, or a file is damaged, is of another kind,
            or is of other classes or channels than the first.
    """
    return pa.concat_tables(scored_parts(path, columns))


def scored_parts(
    path: Path | str, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """Reads the cells of a scored screen a file at a time; see `read_scored_cells`."""
    folder = _folder(Path(path))
    flags = _flags_of_fields(folder.parent / FIELDS_SCORED.path)
    first = None
    for file in [folder] if folder.is_file() else files_in(folder):
        table = _read_part(file, columns, flags)
        first = first or table.schema
        if table.schema.metadata != first.metadata:
            raise ValueError(
                f'{file} has other classes or channels than the files before it: it is '
                'of another network or screen.'
            )
        yield table


def read_scored_fields(path: Path | str) -> pa.Table:
    """Reads `fields.parquet`, or that of a workdir; see `parquet.read_table`."""
    path = Path(path)
    return read_table(
        path / FIELDS_SCORED.path if path.is_dir() else path, FIELDS_SCORED
    )


def _folder(path: Path) -> Path:
    inside = path / SCORED_CELLS.path
    if inside.exists():
        if not (path / 'run.json').exists():  # written last
            raise ValueError(f'{path} is not finished: run configs/score.py again.')
        path = inside
    if not path.exists() or (path.is_dir() and not files_in(path)):
        raise FileNotFoundError(f'{path} holds no scored cells: run configs/score.py.')
    return path


def _read_part(
    file: Path, columns: Sequence[str] | None, flags: dict[Place, list[str]]
) -> pa.Table:
    schema = SCORED_CELLS
    try:
        stored = pq.read_schema(file)
        names = family_names(stored, schema, file)
        if columns is not None:
            schema = schema.select(columns, names)
        wanted = [field.name for field in schema.arrow(names)]
        more = [name for name in PLACE if 'flags' in wanted and name not in wanted]
        read = [*wanted, *more] if columns is not None else stored.names
        table = pq.read_table(file, columns=[n for n in read if n in stored.names])
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f'{file} is not a readable Parquet file: {error}') from None
    table = _with_flags(schema.check(table, file, names), flags).drop_columns(more)
    metadata = family_metadata(names['CLASS'], names['CHANNEL'])
    return table.replace_schema_metadata(metadata)


def _flags_of_fields(path: Path) -> dict[Place, list[str]]:
    """Flags of the fields that have some, by their places."""
    if not path.exists():
        return {}
    table = read_table(path, FIELDS_SCORED)
    pairs = zip(_places(table), table['flags'].to_pylist(), strict=True)
    return {place: found for place, found in pairs if found}


def _with_flags(table: pa.Table, flags: dict[Place, list[str]]) -> pa.Table:
    """The cells with the flags of their fields too."""
    if not flags or 'flags' not in table.column_names:
        return table
    places = _places(table)
    if flags.keys().isdisjoint(places):
        return table
    joined = [
        [*(own or ()), *flags.get(place, ())]
        for own, place in zip(table['flags'].to_pylist(), places, strict=True)
    ]
    number = table.column_names.index('flags')
    field = table.schema.field(number)
    return table.set_column(number, field, pa.array(joined, field.type))


def _places(table: pa.Table) -> list[Place]:
    """What says which field each row is of."""
    return list(zip(*(table[name].to_pylist() for name in PLACE), strict=True))
