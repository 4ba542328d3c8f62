"""One annotator goes through sheets of cells; what others decided is not shown.

A sheet stays as it was shown, with the classes that a network gave its cells, until
there is another: what is kept is what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.lookup import check_name

SIZES = (9, 256)
"""The fewest and the most cells of a sheet."""


class Sheets:
    """The sheets of one annotator, one after the other.

    Args:
        ranking: The cells in their orders.
        journal: Where decisions go.
        annotator: Name of the annotator.
    """

    def __init__(self, ranking: Ranking, journal: Journal, annotator: str):
        self.ranking, self.journal, self.annotator = ranking, journal, annotator
        self.cells = ranking.cells  # of the sheet, as they are shown
        ids = self.cells.cell_ids.tolist()
        self._row_of = {name: row for row, name in enumerate(ids)}
        self._seen = np.zeros(len(ids), bool)
        self._seen[self._known(journal.cells_of(annotator))] = True
        self._before: list[tuple[int, np.ndarray]] = []
        self._asked: tuple[str, str, bool] | None = None
        self._place = 0  # in the order, where cells are shown again
        self.rows = np.zeros(0, np.int64)
        self.number, self._last = 0, journal.last_sheet

    @property
    def seen(self) -> int:
        """Number of cells that were decided on or skipped."""
        return int(self._seen.sum())

    @property
    def order(self) -> str:
        """The order of the sheet, '' before the first."""
        return self._asked[0] if self._asked else ''

    def next(self, order: str, only: str, again: bool, size: int) -> None:
        """Goes to a new sheet; it is empty where no cell is left.

        Args:
            order: One of `order.ORDERS`.
            only: A class (order class) or a protein (order protein) that all cells of
                the sheet have; '' for any.
            again: Whether cells that were seen before are shown too.
            size: Number of cells, in `SIZES`.

        Raises:
            ValueError: There is no such order, class or protein, or the size is out of
                range.
        """
        if not SIZES[0] <= size <= SIZES[1]:
            raise ValueError(f'A sheet has {SIZES[0]} to {SIZES[1]} cells, not {size}.')
        rows = self.ranking.rows(order, only)
        if again:
            start = self._place if self._asked == (order, only, True) else 0
            found = rows[start : start + size]
            self._place = start + len(found) if len(found) else 0
        else:
            found = rows[~self._seen[rows]][:size]
        self._asked = order, only, again
        self._show(found)

    def after(self) -> list[int]:
        """Rows of the sheet that comes next if this one is finished."""
        if self._asked is None:
            return []
        order, only, again = self._asked
        rows, size = self.ranking.rows(order, only), len(self.rows)
        if again:
            return rows[self._place :][:size].tolist()
        left = ~self._seen[rows] & ~np.isin(rows, self.rows)
        return rows[left][:size].tolist()

    def back(self) -> bool:
        """Goes back to the sheet before; False where there is none."""
        if not self._before:
            return False
        self.number, self.rows = self._before.pop()
        self.cells = self.ranking.cells
        return True

    def decide(
        self, rows: Sequence[int], kind: str, label: str, shown: Mapping[str, Any]
    ) -> None:
        """Writes a decision on cells of the sheet.

        Args:
            rows: Rows of the cells.
            kind: One of `decision.KINDS`. A cell that is kept has the class that it is
                shown with; without any, it cannot be kept.
            label: Class of a relabelled cell; of another kind ''.
            shown: How the cells are shown.

        Raises:
            ValueError: A cell is not on the sheet, or a class is missing or unknown.
            OSError: The disk is full; nothing is decided then.
        """
        wanted, cells = np.array(rows, np.int64), self.cells
        if not np.isin(wanted, self.rows).all():
            raise ValueError('There are cells that are not on this sheet.')
        labels = [label if kind == 'relabel' else ''] * len(wanted)
        if kind == 'keep':
            labels = [cells.name(int(number)) for number in cells.named[wanted]]
        if kind == 'relabel':
            check_name('class', label, cells.class_names)
        elif kind == 'keep' and not all(labels):
            raise ValueError('A cell without a class cannot be kept: give it one.')
        ids = [str(name) for name in cells.cell_ids[wanted]]
        about = dict(shown) | dict(sheet=self.number, order=self.order)
        self.journal.append(self.annotator, kind, ids, labels, about)
        self._seen[wanted] = True

    def undo(self) -> bool:
        """Takes the last decision back, and shows its cells; False without any."""
        about = dict(sheet=self.number, order=self.order)
        taken = self.journal.undo(self.annotator, about)
        if taken is None:
            return False
        rows = self._known(taken.cells)
        for row, cell in zip(rows, self.cells.cell_ids[rows].tolist(), strict=True):
            self._seen[row] = self.journal.verdict(self.annotator, cell) is not None
        if not np.isin(rows, self.rows).all():
            self._show(rows)
        return True

    def _show(self, rows: np.ndarray) -> None:
        if len(self.rows):
            self._before.append((self.number, self.rows))
        self._last = max(self._last, self.journal.last_sheet) + 1
        self.number, self.rows, self.cells = self._last, rows, self.ranking.cells

    def _known(self, names: Sequence[str]) -> np.ndarray:
        """Rows of the cells of these names; the journal may name others, too."""
        rows = [self._row_of[name] for name in names if name in self._row_of]
        return np.array(rows, np.int64)
