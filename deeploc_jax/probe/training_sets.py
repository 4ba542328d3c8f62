"""Sets of positive and negative cells are picked by hand to train binary classifiers.

They stand in a table with a row for each cell of each set:

    classifier,class,cell_id,positive
    golgi_1,GOLGI,P1_A01_000017,1
    golgi_1,GOLGI,P1_B07_000003,0

Several classifiers may be for one class, and a cell may be in many sets.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int8, Integer, Shaped

from deeploc_jax.lookup import check_name
from deeploc_jax.probe.sampling import group_names
from deeploc_jax.tables.features import Features

COLUMNS = ('classifier', 'class', 'cell_id', 'positive')
SIGNS = {'1': 1, 'true': 1, 'yes': 1, '0': -1, 'false': -1, 'no': -1}
Rows = list[tuple[str, str, str, int]]


@dataclasses.dataclass(frozen=True)
class TrainingSets:
    """Cells in sets, with their features; c cells and m classifiers.

    Attributes:
        x: float32 [c, f].
        signs: int8 [c, m]: 1 for a positive cell of a classifier, -1 for a negative
            one, 0 for a cell that is not in its sets.
        groups: Group label of each cell, [c]; groups are left out as a whole.
        classes: Index of the class that each classifier is for, int [m].
        names: Names of the m classifiers.
    """

    x: Float[np.ndarray, 'c f']
    signs: Int8[np.ndarray, 'c m']
    groups: Shaped[np.ndarray, ' c']
    classes: Integer[np.ndarray, ' m']
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.x)

    def where(self, rows: np.ndarray) -> TrainingSets:
        """The cells of a mask or of row numbers."""
        return dataclasses.replace(
            self, x=self.x[rows], signs=self.signs[rows], groups=self.groups[rows]
        )


def read_training_sets(path: Path | str) -> Rows:
    """Reads the table, a row for each cell of each set.

    Returns:
        Classifier, class, cell_id and 1 (positive) or -1 of each row.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: Columns are missing, or rows are not as they must be; the first
            such row is named (the header is row 1).
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'There is no table of training sets {path}.')
    rows: Rows = []
    seen: dict[tuple[str, str], int] = {}
    with path.open(newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file, strict=True)
        try:
            _check_columns(path, reader.fieldnames or ())
            for row in reader:
                rows.append(_read_row(row, f'{path}, row {reader.line_num}', seen))
        except (csv.Error, UnicodeDecodeError) as error:
            where = f'{path}, row {reader.line_num + 1}'
            raise ValueError(f'{where} cannot be read as CSV UTF-8: {error}') from None
    if not rows:
        raise ValueError(f'{path} has a header but no rows below it.')
    return rows


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise ValueError(
            f'{path} lacks the columns {", ".join(missing)}; it has '
            f'{", ".join(columns) or "none"}.'
        )


def _read_row(
    row: dict[str, str], where: str, seen: dict[tuple[str, str], int]
) -> tuple[str, str, str, int]:
    values = [(row[name] or '').strip() for name in COLUMNS]
    empty = [name for name, v in zip(COLUMNS, values, strict=True) if not v]
    if empty:
        raise ValueError(f'{where}: no value in {", ".join(empty)}.')
    classifier, class_name, cell_id, word = values
    if word.lower() not in SIGNS:
        raise ValueError(f'{where}: positive is {word!r}; write 1 or 0.')
    sign = SIGNS[word.lower()]
    if seen.setdefault((classifier, cell_id), sign) != sign:
        raise ValueError(
            f'{where}: cell {cell_id!r} is both positive and negative for '
            f'{classifier!r}.'
        )
    return classifier, class_name, cell_id, sign


def join_features(
    rows: Rows,
    features: Features,
    class_names: Sequence[str],
    group_by: str,
    where: str,
) -> TrainingSets:
    """Joins the sets with the features of their cells, labelled or not.

    Args:
        rows: From `read_training_sets`.
        features: Features of cells that may be trained on.
        class_names: Class names in index order.
        group_by: Column by which cells are left out together.
        where: Table and split that errors name.

    Raises:
        ValueError: A classifier is for an unknown class or for two, or has no positive
            or no negative cell among the features.
    """
    class_of: dict[str, str] = {}
    for classifier, class_name, _, _ in rows:
        check_name('class', class_name, class_names)
        if class_of.setdefault(classifier, class_name) != class_name:
            raise ValueError(
                f'{where}: {classifier!r} is given for the classes '
                f'{class_of[classifier]!r} and {class_name!r}; give it one class.'
            )
    names = tuple(class_of)
    place = {name: i for i, name in enumerate(names)}
    row_of = {cell: i for i, cell in enumerate(features.metadata['cell_id'].tolist())}
    signs = np.zeros((len(features), len(names)), np.int8)
    for classifier, _, cell_id, sign in rows:
        if cell_id in row_of:
            signs[row_of[cell_id], place[classifier]] = sign
    for name, column in zip(names, signs.T, strict=True):
        if not {1, -1} <= set(column.tolist()):
            raise ValueError(
                f'{where}: {name!r} has {(column == 1).sum()} positive and '
                f'{(column == -1).sum()} negative cells there; it needs both.'
            )
    classes = [class_names.index(class_of[name]) for name in names]
    groups = group_names(features.metadata[group_by])
    found = TrainingSets(features.values, signs, groups, np.array(classes), names)
    return found.where((signs != 0).any(1))
