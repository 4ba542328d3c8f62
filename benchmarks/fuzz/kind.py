"""People bring several kinds of input, each with a way to make and to read it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

PREPARED = 'prepared'  # folder, within that of the input, for the prepared data set


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        make: Writes a sound input into an empty folder.
        read: Reads the input in a folder, or raises.
        files: Pattern of the files in it that are changed.
        half_written: Names what a failed read left in a folder, '' for nothing.
    """

    make: Callable[[Path], Any]
    read: Callable[[Path], Any]
    files: str
    half_written: Callable[[Path], str] = lambda place: ''


def left_over(place: Path) -> str:
    """Names of files in the folder of prepared sets that belong to no complete set."""
    root = place / PREPARED
    found = [path for path in root.rglob('*') if path.is_file()]
    whole = {path.parent for path in root.rglob('dataset_info.json')}
    return ', '.join(
        str(path.relative_to(place))
        for path in found
        if not any(path.is_relative_to(folder) for folder in whole)
        or 'incomplete' in str(path)
    )
