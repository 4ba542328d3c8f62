"""The journal of a curation has a line for every decision, written before it counts.

A line ends with a line break, is written by one call and is on the disk when `append`
returns. What a crash cut short has no line break: nobody was told that it counts.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.lookup import check_name

KINDS = ('keep', 'discard', 'relabel', 'skip')
"""What can be decided of cells; skip: seen, and left as they were."""
UNDO = 'undo'


@dataclasses.dataclass(frozen=True)
class Decision:
    """A line of the journal.

    Attributes:
        number: Number of the line, from 1.
        time: Time of the decision in UTC, ISO 8601.
        annotator: Name of who decided.
        kind: One of `KINDS`, or `UNDO`.
        cells: `cell_id` of each cell that it is about; of an undo, those it frees.
        labels: Class of each of these cells from now on; '' where there is none.
        undoes: Number of the decision that is taken back; 0 for no undo.
        shown: How the cells were shown: sheet, order, view, contrast.
    """

    number: int
    time: str
    annotator: str
    kind: str
    cells: tuple[str, ...]
    labels: tuple[str, ...]
    undoes: int
    shown: Mapping[str, Any]


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
        _set_torn_line_aside(path)
        self.last_sheet = 0
        self._length = 0
        self._standing: dict[str, list[Decision]] = {}  # not taken back
        self._verdicts: dict[str, dict[str, list[Decision]]] = {}
        with path.open('rb') as file:
            for number, line in enumerate(file, start=1):
                self._count(_read_line(path, number, line))

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
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec='milliseconds')
        decision = Decision(
            len(self) + 1,
            now,
            annotator,
            kind,
            tuple(cells),
            tuple(labels),
            undoes,
            dict(shown),
        )
        line = json.dumps(dataclasses.asdict(decision), ensure_ascii=False) + '\n'
        append_line(self.path, line.encode())
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


def append_line(path: Path, line: bytes) -> None:
    """Appends to a file and waits for the disk; a part of a line is taken away again.

    Raises:
        OSError: The disk is full. The file is as it was before.
    """
    with path.open('ab', buffering=0) as file:
        before = os.fstat(file.fileno()).st_size
        try:
            written = file.write(line)
            if written != len(line):
                raise OSError(f'{path}: only {written} of {len(line)} bytes fit.')
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), before)
            raise


def _set_torn_line_aside(path: Path) -> None:
    """Ends the file with a whole line; what comes after goes to a file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    data = path.read_bytes()
    whole = data.rfind(b'\n') + 1
    if whole == len(data):
        return
    append_line(path.with_name(path.name + '.torn'), data[whole:] + b'\n')
    with path.open('r+b') as file:
        file.truncate(whole)
        os.fsync(file.fileno())


def _read_line(path: Path, number: int, line: bytes) -> Decision:
    try:
        fields = json.loads(line)
        cells, labels = tuple(fields['cells']), tuple(fields['labels'])
        decision = Decision(**(fields | dict(cells=cells, labels=labels)))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f'{path}, line {number} is damaged ({error}): restore the file, or begin '
            'in another --workdir.'
        ) from None
    if decision.number != number or len(cells) != len(labels):
        raise ValueError(f'{path}, line {number} does not belong there.')
    return decision
