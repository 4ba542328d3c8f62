"""A screen whose parts are all scored gets its table of fields, and one of faults."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.files import atomic_write
from deeploc_jax.screens.fields.listing import Problem
from deeploc_jax.screens.quality import FieldLimits, flag_fields
from deeploc_jax.screens.scoring.field_cells import SET_ASIDE
from deeploc_jax.screens.scoring.part_files import cells_file, features_file, read_about
from deeploc_jax.screens.scoring.parts import Part
from deeploc_jax.tables.feature_files import files_in
from deeploc_jax.tables.parquet import CHANNELS, write_table
from deeploc_jax.tables.schema import rows_to_table
from deeploc_jax.tables.scored_cells import FIELDS_SCORED, PLACE

SET_ASIDE_FILE = 'set_aside.csv'
COLUMNS = (*PLACE, 'file', 'stage', 'reason')
"""Columns of `set_aside.csv`; the stage 'list' is before any image is read."""


@dataclasses.dataclass(frozen=True)
class Finished:
    """What a scored screen came to.

    Attributes:
        fields: Number of fields that were found, those set aside included.
        set_aside: Number of those that could not be used.
        cells: Number of cells.
        border: Number of those at the border, which have no probabilities.
        flagged: Number of fields that were scored, but whose cells are flagged.
        pixel_sizes: Sides of the pixels of the fields in micrometers, where known.
        removed: Number of files of an earlier run whose parts are no more.
    """

    fields: int
    set_aside: int
    cells: int
    border: int
    flagged: int
    pixel_sizes: tuple[float, ...]
    removed: int


def finish(
    workdir: Path,
    parts: Sequence[Part],
    channels: Sequence[str],
    problems: Sequence[Problem],
    limits: FieldLimits,
) -> Finished | None:
    """Writes `fields.parquet` and `set_aside.csv`.

    Args:
        workdir: Workdir of the run.
        parts: All parts of the screen.
        channels: All channels of the screen, protein first.
        problems: Why fields are left out that never were in a part.
        limits: When a field is flagged.

    Returns:
        The counts; None where a part is not scored yet, and nothing is written.
    """
    rows: list[dict[str, Any]] = []
    for part in parts:
        about = read_about(cells_file(workdir, part.name))
        if about is None:
            return None
        rows += about['fields']
    found = flag_fields(rows, channels, limits)
    for row, flags in zip(rows, found, strict=True):
        row['flags'] = [name for name, _ in flags]
        row['flag_reasons'] = [reason for _, reason in flags]
    schema = FIELDS_SCORED.arrow(
        {'CHANNEL': channels}, {CHANNELS: json.dumps(list(channels))}
    )
    write_table(rows_to_table(rows, schema), workdir / FIELDS_SCORED.path)
    write_set_aside(workdir / SET_ASIDE_FILE, rows, problems)
    unused = sum(row['status'] == SET_ASIDE for row in rows)
    return Finished(
        fields=len(rows) + len(problems),
        set_aside=unused + len(problems),
        cells=sum(row.get('n_cells', 0) for row in rows),
        border=sum(row.get('n_border', 0) for row in rows),
        flagged=sum(bool(row['flags']) for row in rows),
        pixel_sizes=tuple(sorted({s for row in rows if (s := row.get('pixel_size'))})),
        removed=_remove_others(workdir, parts),
    )


def write_set_aside(
    path: Path, rows: Iterable[Mapping[str, Any]], problems: Iterable[Problem]
) -> None:
    """Writes what was not scored and why: fields, and cells at the border of a field.

    Args:
        path: Path of the CSV file.
        rows: Rows of `fields.parquet`.
        problems: Why fields are left out that never were read.
    """

    def lines() -> Iterator[Mapping[str, Any]]:
        for problem in problems:
            yield dict(dataclasses.asdict(problem), stage='list')
        for row in rows:
            if row['status'] == SET_ASIDE:
                yield row
            elif row['n_border']:
                cells = f'{row["n_border"]} of {row["n_cells"]} cells'
                reason = f'{cells} lie at the border: no probabilities'
                yield dict(row, stage='border', reason=reason)

    def write(temporary: Path) -> None:
        with temporary.open('w', newline='') as file:
            writer = csv.DictWriter(file, COLUMNS, extrasaction='ignore')
            writer.writeheader()
            writer.writerows(lines())

    atomic_write(path, write)


def _remove_others(workdir: Path, parts: Sequence[Part]) -> int:
    """Removes files of parts that the screen no longer has; readers take them all."""
    names, removed = {f'{part.name}.parquet' for part in parts}, 0
    for file_of in (cells_file, features_file):
        for path in files_in(file_of(workdir, '').parent):
            if path.name not in names:
                path.unlink(missing_ok=True)  # another shard ends as well
                removed += 1
    return removed
