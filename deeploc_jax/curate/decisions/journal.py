"""The journal of a curation has a line for every decision, written before it counts.

A line ends with a line break, is written by one call and is on the disk when `append`
returns. What a crash cut short has no line break: nobody was told that it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.curate.decisions.decision import KINDS, UNDO, Decision, now, read_line
from deeploc_jax.curate.decisions.journal_file import append_line, set_torn_line_aside
from deeploc_jax.lookup import check_name


class Journal:
    """The decisions of all annotators, in a JSON-lines file that only grows.

    Args:
        path: The file; made when it is missing. A last line that a crash cut short goes
            to `<name>.torn` beside it.

    Attributes:
        last_sheet: The highest number of a sheet in it, 0 without any.

    Raises:
        ValueError: A line in the middle, which is named, is damaged.
    """

    def __init__(self, path: Path):
        self.path = path
        set_torn_line_aside(path)
        self.last_sheet = 0
        self._length = 0
        self._standing: dict[str, list[Decision]] = {}  # not taken back
        self._verdicts: dict[str, dict[str, list[Decision]]] = {}
        with path.open('rb') as file:
            for number, line in enumerate(file, start=1):
                self._count(read_line(path, number, line))

    def __len__(self) -> int:
        return self._length

    @property
    def annotators(self) -> tuple[str, ...]:
        """Names of all who decided something, sorted."""
        return tuple(sorted(self._verdicts))

    def verdict(self, annotator: str, cell: str) -> tuple[Decision, str] | None:
        """What an annotator decided of a cell last, and its class since then."""
        found = self._verdicts.get(annotator, {}).get(cell)
        if not found:
            return None
        return found[-1], found[-1].labels[found[-1].cells.index(cell)]

    def cells_of(self, annotator: str) -> list[str]:
        """`cell_id` of all cells that an annotator has seen, skipped ones included."""
        return [
            cell for cell, last in self._verdicts.get(annotator, {}).items() if last
        ]

    def append(
        self,
        annotator: str,
        kind: str,
        cells: Sequence[str],
        labels: Sequence[str],
        shown: Mapping[str, Any],
    ) -> Decision:
        """Writes a decision; it is on the disk when this returns.

        Args:
            annotator: Name of who decides.
            kind: One of `KINDS`.
            cells: `cell_id` of each cell.
            labels: Class of each of them from now on; '' for none.
            shown: How they were shown.

        Raises:
            ValueError: There is no cell or no such kind, or the lengths differ.
            OSError: The disk is full. The journal is as it was before.
        """
        check_name('kind of decision', kind, KINDS)
        if not cells or len(cells) != len(labels) or len(set(cells)) < len(cells):
            raise ValueError('A decision is about at least one cell, each once.')
        return self._write(annotator, kind, cells, labels, 0, shown)

    def undo(self, annotator: str, shown: Mapping[str, Any]) -> Decision | None:
        """Takes back the last decision of an annotator that still counts, if any."""
        if not self._standing.get(annotator):
            return None
        last = self._standing[annotator][-1]
        labels = [''] * len(last.cells)
        return self._write(annotator, UNDO, last.cells, labels, last.number, shown)

    def _write(
        self,
        annotator: str,
        kind: str,
        cells: Sequence[str],
        labels: Sequence[str],
        undoes: int,
        shown: Mapping[str, Any],
    ) -> Decision:
        decision = Decision(
            len(self) + 1,
            now(),
            annotator,
            kind,
            tuple(cells),
            tuple(labels),
            undoes,
            dict(shown),
        )
        append_line(self.path, decision.line())
        self._count(decision)
        return decision

    def _count(self, decision: Decision) -> None:
        """Brings what holds now up to date."""
        self._length += 1
        self.last_sheet = max(self.last_sheet, decision.shown.get('sheet', 0))
        mine = self._verdicts.setdefault(decision.annotator, {})
        done = self._standing.setdefault(decision.annotator, [])
        if decision.kind != UNDO:
            done.append(decision)
            for cell in decision.cells:
                mine.setdefault(cell, []).append(decision)
            return
        if not done or done[-1].number != decision.undoes:
            raise ValueError(
                f'{self.path}, line {decision.number}: takes back line '
                f'{decision.undoes}, which is not the last decision that counts.'
            )
        for cell in done.pop().cells:
            mine[cell].pop()
