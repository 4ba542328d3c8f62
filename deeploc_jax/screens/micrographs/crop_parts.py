"""The crops of a screen's cells are cut part by part, each written whole or not at all.

A part is an npz archive: `images` [m, side, side, c], a value of each of the m cells in
the other arrays, and what became of its fields in `about`, as JSON. Its name ends in a
digest of all that it depends on, so that a part which is there need not be made.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax import __version__
from deeploc_jax.files import atomic_write
from deeploc_jax.processes import map_in_processes
from deeploc_jax.progress import progress_bar
from deeploc_jax.screens.scoring.field_cells import (
    Cutting,
    FieldCells,
    read_field_cells,
)
from deeploc_jax.screens.scoring.parts import Part

FOLDER = 'crops'
PLACE = ('condition', 'replicate', 'plate', 'well', 'field', 'protein', 'label')


def crops_file(workdir: Path, part: Part, cutting: Cutting) -> Path:
    """Path of the crops of a part; it differs when anything that they depend on does.

    Args:
        workdir: Workdir of the run.
        part: The part.
        cutting: How its cells are found and cut out.
    """
    fields = [asked.fingerprint() for asked in part.asked()]
    text = repr((__version__, cutting, part.lamp, fields))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return workdir / FOLDER / f'{part.name}-{digest}.npz'


def cut_parts_missing(
    workdir: Path, parts: Sequence[Part], cutting: Cutting, workers: int
) -> list[Path]:
    """Cuts the crops of the parts that are not there yet.

    A part with a field that could not be read for a reason which may have passed, such
    as a share that was away, is made anew.

    Args:
        workdir: Workdir of the run.
        parts: All parts of the screen.
        cutting: How cells are found and cut out.
        workers: Number of processes that read fields and find cells.

    Returns:
        The files of all parts, in their order.
    """
    files = [crops_file(workdir, part, cutting) for part in parts]
    missing = [
        (part, file)
        for part, file in zip(parts, files, strict=True)
        if not file.exists() or read_about(file)['passing']
    ]
    asked = [one for part, _ in missing for one in part.asked()]
    read = functools.partial(read_field_cells, cutting=cutting)
    found = (cells for cells in map_in_processes(read, asked, workers))
    with closing(found), progress_bar(None, len(asked), 'cut', unit='field') as bar:
        for part, file in missing:
            _write(file, list(_counted(found, len(part.fields), bar)), cutting)
    return files


def read_about(file: Path) -> dict[str, Any]:
    """What became of the fields of a part: `fields`, a row each, and `passing`."""
    with np.load(file, allow_pickle=False) as archive:
        return json.loads(str(archive['about']))


def _counted(
    found: Iterator[FieldCells], number: int, bar: Any
) -> Iterator[FieldCells]:
    for field in itertools.islice(found, number):
        yield field
        bar.update()


def _write(file: Path, fields: Sequence[FieldCells], cutting: Cutting) -> None:
    used = [field for field in fields if field.scored.any()]
    none = np.zeros((0, cutting.side, cutting.side, len(cutting.channels)), np.uint8)
    counts = [field.scored.sum() for field in used]
    columns: dict[str, Any] = {
        name: np.repeat([getattr(f.field, name) for f in used] or [''], counts or [0])
        for name in PLACE
    }
    for name in ('x', 'y'):
        values = [field.columns[name][field.scored] for field in used]
        columns[name] = np.concatenate([np.zeros(0), *values])
    columns['cell_id'] = np.array(
        [f'{f.field.name}-{n}' for f in used for n in f.columns['cell'][f.scored]], str
    )
    about = dict(
        fields=[field.facts for field in fields],
        passing=any(field.passing for field in fields),
    )
    images = np.concatenate([f.crops for f in used]) if used else none
    atomic_write(
        file,
        lambda path: np.savez(path, images=images, about=json.dumps(about), **columns),
    )
