"""What annotators decided leaves the page as tables."""

from __future__ import annotations

import collections
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from deeploc_jax.curate.decisions.agreement import DISCARDED, agreement_rows
from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.files import atomic_write
from deeploc_jax.tables.curation import AGREEMENT, CORRECTIONS
from deeploc_jax.tables.schema import TableSchema, rows_to_table
from deeploc_jax.types import METADATA

CROPS = 'curated.csv'
_A_FILE = 2048  # crops


def export(workdir: Path, cells: Curated, journal: Journal) -> str:
    """Writes `corrections.csv`, `agreement.csv` and a table that `own_screen` takes.

    The last, `curated.csv`, has the cells that have a class, with their crops in files
    beside it.

    Args:
        workdir: Folder that they go to.
        cells: The cells.
        journal: What was decided.

    Returns:
        What was written, in a sentence.
    """
    rows = correction_rows(cells, journal)
    _write_csv(workdir / CORRECTIONS.path, rows, CORRECTIONS)
    _write_csv(workdir / AGREEMENT.path, agreement_rows(journal), AGREEMENT)
    labelled = {row['cell_id']: row['label'] for row in rows if row['label']}
    _write_crops(workdir, cells, labelled)
    counts = collections.Counter(row['kind'] for row in rows)
    words = ', '.join(f'{n:,} {kind}' for kind, n in counts.most_common())
    return f'{CORRECTIONS.path}: {words or "no decision yet"}.'


def correction_rows(cells: Curated, journal: Journal) -> list[dict[str, Any]]:
    """A row of `CORRECTIONS` for each cell that was decided on, in their order.

    Where annotators differ, the most frequent decision holds; of two equally frequent
    ones, none does, and the cell is disputed.
    """
    said: dict[str, dict[str, tuple[str, str]]] = collections.defaultdict(dict)
    for annotator in journal.annotators:
        for cell in journal.cells_of(annotator):
            found = journal.verdict(annotator, cell)
            if found and found[0].kind != 'skip':
                said[cell][annotator] = found[1], found[0].time
    rows = []
    for number, cell in zip(cells.labels, cells.cell_ids.tolist(), strict=True):
        if cell in said:
            rows.append(_row(cell, cells.name(int(number)), said[cell]))
    return rows


def _row(cell: str, was: str, said: dict[str, tuple[str, str]]) -> dict[str, Any]:
    ranked = collections.Counter(label for label, _ in said.values()).most_common(2)
    label, agree = ranked[0]
    if len(ranked) > 1 and ranked[1][1] == agree:
        label, kind = '', 'disputed'
    elif label == DISCARDED:
        kind = 'discard'
    else:
        kind = 'keep' if label == was else 'relabel'
    time = max(time for _, time in said.values())
    names = ','.join(said)
    return dict(
        cell_id=cell,
        label=label,
        kind=kind,
        was=was,
        annotators=names,
        agree=agree,
        time=time,
    )


def _write_csv(path: Path, rows: list[dict[str, Any]], schema: TableSchema) -> None:
    _write_table(path, rows_to_table(rows, schema.arrow()))


def _write_table(path: Path, table: pa.Table) -> None:
    buffer = io.BytesIO()
    pa_csv.write_csv(table, buffer)
    atomic_write(path, lambda temporary: temporary.write_bytes(buffer.getvalue()))


def _write_crops(workdir: Path, cells: Curated, labelled: dict[str, str]) -> None:
    """Writes the crops of these cells, and the table of them last."""
    kept = np.isin(cells.cell_ids, np.array(list(labelled), str))
    rows = np.flatnonzero(kept)
    files = []
    for number, start in enumerate(range(0, len(rows), _A_FILE)):
        part = rows[start : start + _A_FILE]
        name = f'curated-{number:04}.npz'
        images = cells.images[part]
        atomic_write(workdir / name, lambda path, i=images: np.savez(path, images=i))
        files += [(name, index) for index in range(len(part))]
    columns: dict[str, Any] = {n: cells.metadata[n][rows].tolist() for n in METADATA}
    del columns['screen']
    columns['label'] = [labelled[cell] for cell in columns['cell_id']]
    columns['image'] = [name for name, _ in files]
    columns['index'] = [index for _, index in files]
    _write_table(workdir / CROPS, pa.table(columns))
