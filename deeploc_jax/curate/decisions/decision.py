"""A decision on some cells is a line of the journal, written and read here."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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

    def line(self) -> bytes:
        """The line of the journal, with its line break."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False).encode() + b'\n'


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec='milliseconds')


def read_line(path: Path, number: int, line: bytes) -> Decision:
    """Reads a line.

    Args:
        path: The journal, for messages.
        number: Number of the line, from 1.
        line: The line.

    Raises:
        ValueError: It is damaged, or belongs to another place.
    """
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
