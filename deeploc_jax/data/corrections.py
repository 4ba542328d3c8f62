"""Labels that people corrected take the place of those of a screen."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from pathlib import Path

from deeploc_jax.data.own.table_file import read_any_table
from deeploc_jax.devices import is_main
from deeploc_jax.types import Cells


@dataclasses.dataclass(frozen=True)
class Corrections:
    """Classes of some cells, by name.

    Attributes:
        path: The table.
        labels: Class of each cell by `cell_id`; '' for one that shall be unlabelled.
        digest: SHA-256 of the file.
    """

    path: Path
    labels: dict[str, str]
    digest: str


def read_corrections(path: Path | str | None) -> Corrections | None:
    """Reads `corrections.csv`, or any table with the columns cell_id and label.

    Args:
        path: CSV or Parquet table; None or '' for none.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: A column is missing, a row has too few values, or a cell is there
            with two classes.
    """
    if not path:
        return None
    path = Path(path).expanduser()
    table = read_any_table(path)
    if not {'cell_id', 'label'} <= set(table.columns):
        raise ValueError(
            f'{path} needs the columns cell_id and label, as configs/curate.py writes '
            f'them; it has {", ".join(table.columns)}.'
        )
    for number, reason in table.misfits:
        raise ValueError(f'{path}, row {number}: {reason}.')
    labels: dict[str, str] = {}
    for number, row in table.rows:
        cell, label = row['cell_id'], row['label']
        if labels.setdefault(cell, label) != label:
            raise ValueError(f'{path}, row {number}: {cell} has another class above.')
    return Corrections(path, labels, hashlib.sha256(path.read_bytes()).hexdigest())


def digest_of(corrections: Corrections | None) -> dict[str, str]:
    """What a run notes of the labels that it works on, among its other inputs."""
    return dict(labels=corrections.digest) if corrections else {}


def check_named(corrections: Corrections | None, splits: Iterable[Cells]) -> None:
    """Raises a ValueError where not one cell that was corrected is in any split."""
    if corrections is None:
        return
    named = corrections.labels.keys()
    if all(named.isdisjoint(cells.metadata['cell_id']) for cells in splits):
        first = next(iter(named))
        raise ValueError(
            f'{corrections.path}: none of its {len(named):,} cells, such as {first!r}, '
            'is in the splits that were read. Take the corrections of this screen, '
            'and splits that have cells of them.'
        )


def corrected(cells: Cells, corrections: Corrections, split: str) -> Cells:
    """The cells with the corrected labels; cells that are not named keep theirs.

    Prints how many were named. Classes that the screen does not have come after its
    own, sorted, whether this split has a cell of them or not: all splits have the same
    classes.

    Args:
        cells: Cells of a split.
        corrections: Their labels. A cell with '' becomes unlabelled: it takes no part
            in training and in metrics, but is named like any other.
        split: Name of the split, to be printed.
    """
    new = set(corrections.labels.values()) - {'', *cells.class_names}
    names = (*cells.class_names, *sorted(new))
    numbers = {name: number for number, name in enumerate(names)} | {'': -1}
    labels, found = cells.labels.copy(), 0
    for row, cell in enumerate(cells.metadata['cell_id'].tolist()):
        if cell in corrections.labels:
            labels[row] = numbers[corrections.labels[cell]]
            found += 1
    if is_main():
        changed = int((labels != cells.labels).sum())
        print(
            f'{corrections.path}: {found:,} of its {len(corrections.labels):,} cells '
            f'are in {split}; {changed:,} of these have another label now.'
        )
    return dataclasses.replace(cells, labels=labels, class_names=names)
