"""The table of a user's own screen, one row for each cell, as it is in its file.

Rows are numbered as a spreadsheet shows them: the header is row 1, the first cell
row 2. In a Parquet file, which has no header row, the first cell is row 2 too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from deeploc_jax.data.own.table_values import tidy_column


@dataclasses.dataclass(frozen=True)
class CellTable:
    """The cells of a table file, all values as text, '' where empty.

    Attributes:
        path: Path of the file.
        columns: Column names in file order.
        rows: Row number of every cell, and its values by column.
        misfits: Number of every row that has not as many values as the header, and
            what is wrong with it.
        header: Row number of the header.
        unusable: Reason why a column cannot be used, by its name; these columns are
            not in `columns`.
        notes: Sentences about values that are read differently from how they are
            written.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]
    misfits: list[tuple[int, str]]
    header: int
    unusable: dict[str, str]
    notes: list[str]

    @property
    def image_channels(self) -> list[str]:
        """Channel names of the `image_<channel>` columns; none beside `image`."""
        if 'image' in self.columns:
            return []
        names = [name for name in self.columns if name.startswith('image_')]
        return [name[6:] for name in names if name[6:]]

    def has(self, column: str) -> bool:
        """Whether the column exists and any row fills it."""
        return bool(self.distinct(column))

    def values(self, column: str) -> list[str]:
        """The value of every row in a column."""
        return [values[column] for _, values in self.rows]

    def distinct(self, column: str) -> set[str]:
        """The values in a column, without ''; empty where there is no such column."""
        return {values.get(column, '') for _, values in self.rows} - {''}

    def tidy(self, columns: Iterable[str], delimiter: str = ',') -> None:
        """Replaces values of columns by what was meant, and adds notes on changes."""
        for column in columns:
            tidy, notes = tidy_column(column, self.values(column), delimiter)
            self.notes.extend(notes)
            for (_, values), value in zip(self.rows, tidy, strict=True):
                values[column] = value
