"""One annotator goes through sheets of cells; what others decided is not shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeploc_jax.curate.cells import Curated
from deeploc_jax.curate.journal import Journal
from deeploc_jax.curate.order import order_cells
from deeploc_jax.lookup import check_name

SIZES = (9, 256)
"""The fewest and the most cells of a sheet."""


class Sheets:
    """The sheets of one annotator, one after the other.

    Args:
        cells: The cells.
        journal: Where decisions go.
        annotator: Name of the annotator.
        orders: Rows of all cells by order, which annotators share; filled as needed.
        seed: Seed of the random order.
    """

    def __init__(
        self,
        cells: Curated,
        journal: Journal,
        annotator: str,
        orders: dict[str, np.ndarray],
        seed: int = 0,
    ):
        self.cells, self.journal, self.annotator = cells, journal, annotator
        self._orders, self._seed = orders, seed
        self._row_of = {name: row for row, name in enumerate(cells.cell_ids.tolist())}
        self._seen = np.zeros(len(cells), bool)
        known = [self._row_of.get(name) for name in journal.cells_of(annotator)]
        self._seen[[row for row in known if row is not None]] = True
        self._before: list[tuple[int, np.ndarray]] = []
        self._asked: tuple[str, str, bool] | None = None
        self._place = 0  # in the order, where cells are shown again
        self.rows = np.zeros(0, np.int64)
        self.number, self._last = 0, journal.last_sheet

    @property
    def seen(self) -> int:
        """Number of cells that were decided on or skipped."""
        return int(self._seen.sum())

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
        rows = self._ordered(order)
        kept = self._kept(order, only)[rows] if only else np.ones(len(rows), bool)
        if again:
            start = self._place if self._asked == (order, only, True) else 0
            found = start + np.flatnonzero(kept[start:])[:size]
            self._place = int(found[-1]) + 1 if len(found) else 0
        else:
            found = np.flatnonzero(kept & ~self._seen[rows])[:size]
        self._asked = order, only, again
        self._show(rows[found])

    def after(self) -> list[int]:
        """Rows of the sheet that comes next if this one is finished."""
        if self._asked is None:
            return []
        order, only, again = self._asked
        rows, size = self._ordered(order), len(self.rows)
        kept = self._kept(order, only)[rows] if only else np.ones(len(rows), bool)
        if again:
            return rows[self._place :][kept[self._place :]][:size].tolist()
        left = kept & ~self._seen[rows] & ~np.isin(rows, self.rows)
        return rows[left][:size].tolist()

    def back(self) -> bool:
        """Goes back to the sheet before; False where there is none."""
        if not self._before:
            return False
        self.number, self.rows = self._before.pop()
        return True

    def decide(
        self, rows: Sequence[int], kind: str, label: str, shown: Mapping[str, Any]
    ) -> None:
        """Writes a decision on cells of the sheet.

        Args:
            rows: Rows of the cells.
            kind: One of `journal.KINDS`. A cell that is kept has the class that it is
                shown with; without any, it cannot be kept.
            label: Class of a relabelled cell; of another kind ''.
            shown: How the cells are shown.

        Raises:
            ValueError: A cell is not on the sheet, or a class is missing or unknown.
            OSError: The disk is full; nothing is decided then.
        """
        wanted = np.array(rows, np.int64)
        if not np.isin(wanted, self.rows).all():
            raise ValueError('There are cells that are not on this sheet.')
        names = {'keep': self.cells.named[wanted]}.get(kind)
        labels = [label if kind == 'relabel' else ''] * len(wanted)
        if names is not None:
            labels = [self.cells.name(int(number)) for number in names]
        if kind == 'relabel':
            check_name('class', label, self.cells.class_names)
        elif kind == 'keep' and not all(labels):
            raise ValueError('A cell without a class cannot be kept: give it one.')
        ids = [str(name) for name in self.cells.cell_ids[wanted]]
        about = dict(shown) | dict(sheet=self.number, order=self._order)
        self.journal.append(self.annotator, kind, ids, labels, about)
        self._seen[wanted] = True

    def undo(self) -> bool:
        """Takes the last decision back, and shows its cells; False without any."""
        about = dict(sheet=self.number, order=self._order)
        taken = self.journal.undo(self.annotator, about)
        if taken is None:
            return False
        found = [self._row_of.get(name) for name in taken.cells]
        rows = np.array([row for row in found if row is not None], np.int64)
        for row, cell in zip(rows, self.cells.cell_ids[rows].tolist(), strict=True):
            self._seen[row] = self.journal.verdict(self.annotator, cell) is not None
        if not np.isin(rows, self.rows).all():
            self._show(rows)
        return True

    def describe(self) -> dict[str, Any]:
        """The sheet as JSON: its number and cells, and how many cells were seen."""
        return dict(
            sheet=self.number,
            cells=[self._describe_cell(int(row)) for row in self.rows],
            seen=self.seen,
            total=len(self.cells),
        )

    @property
    def _order(self) -> str:
        return self._asked[0] if self._asked else ''

    def _show(self, rows: np.ndarray) -> None:
        if len(self.rows):
            self._before.append((self.number, self.rows))
        self._last = max(self._last, self.journal.last_sheet) + 1
        self.number, self.rows = self._last, rows

    def _ordered(self, order: str) -> np.ndarray:
        if order not in self._orders:
            self._orders[order] = order_cells(self.cells, order, self._seed)
        return self._orders[order]

    def _kept(self, order: str, only: str) -> np.ndarray:
        """Which cells are of a class or protein, bool [n]."""
        if order == 'class':
            check_name('class', only, self.cells.class_names)
            return self.cells.named == self.cells.class_names.index(only)
        if order != 'protein':
            raise ValueError(
                'Only cells of a class, or of a protein, come in its order.'
            )
        kept = self.cells.metadata['protein'] == only
        if not kept.any():
            raise ValueError(f'No cell is of the protein {only!r}.')
        return kept

    def _describe_cell(self, row: int) -> dict[str, Any]:
        cells = self.cells
        guess = int(cells.guesses[row])
        verdict = self.journal.verdict(self.annotator, str(cells.cell_ids[row]))
        decided = verdict is not None and verdict[0].kind
        sure = None if cells.probabilities is None else cells.probabilities[row, guess]
        return dict(
            row=row,
            label=cells.name(int(cells.labels[row])),
            guess=cells.name(guess),
            sure=None if sure is None else round(float(sure), 3),
            kind=decided or '',
            now=verdict[1] if verdict else '',
        )
