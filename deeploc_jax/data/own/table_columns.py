"""The columns of a user's table, and the raw table that its readers return."""

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
    """A table as it is in its file, all values as text, '' where empty.

    Attributes:
        names: Column names in file order; some may be empty or doubled.
        rows: Row number and values of every row that is not empty.
        header: Row number of the column names.
        delimiter: Character between the values of a text file.
        unusable: Reason why a column could not be read, by its name.
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
    """The columns that have a meaning here; others are used by `group_by` at most.

    Beside a column `image`, a column `image_id` does not name images.
    """
    names = list(names)
    with_image = 'image' in names
    return [n for n in names if n in KNOWN_COLUMNS or (is_image(n) and not with_image)]


def fit_row(values: list[str], names: list[str]) -> list[str]:
    """Evens out a row where no column has a name, as spreadsheets leave it.

    Empty values after the last name are dropped, and missing values of columns
    without a name are filled in.
    """
    while len(values) > len(names) and not values[-1]:
        values = values[:-1]
    gap = names[len(values) :]
    return values if any(gap) else [*values, *gap]
