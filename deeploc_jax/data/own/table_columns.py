"""Columns of a user's table, and what its readers hand on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

TEXT_COLUMNS = (
    'cell_id',
    'condition',
    'replicate',
    'plate',
    'well',
    'field',
    'protein',
)
NUMBER_COLUMNS = ('index', 'x', 'y')
KNOWN_COLUMNS = (*TEXT_COLUMNS, 'image', 'label', 'split', *NUMBER_COLUMNS)


@dataclasses.dataclass(frozen=True)
class RawTable:
    """A table as it lies in its file, all values as text, '' where empty.

    Attributes:
        names: Column names in file order; some may be empty or doubled.
        rows: Row number and values of every row that is not empty.
        header: Row number of the column names.
        delimiter: What separates the values in a text file.
        unusable: Why a column that nobody may need could not be read, by name.
    """

    names: list[str]
    rows: list[tuple[int, list[str]]]
    header: int = 1
    delimiter: str = ','
    unusable: dict[str, str] = dataclasses.field(default_factory=dict)


def is_image(column: str) -> bool:
    """Whether the column holds image files."""
    return column == 'image' or column.startswith('image_')


def known_columns(names: Iterable[str]) -> list[str]:
    """Those that mean something here; others are for `group_by` at most.

    Beside a column `image`, a column `image_id` is no image.
    """
    names = list(names)
    with_image = 'image' in names
    return [n for n in names if n in KNOWN_COLUMNS or (is_image(n) and not with_image)]
