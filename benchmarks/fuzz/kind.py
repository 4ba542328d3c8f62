"""A kind of input that a person brings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

PREPARED = 'prepared'  # what is made of an input, in its own folder


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        make: Writes a sound input into an empty folder.
        read: Reads the input in a folder, or raises.
        files: Pattern of the files in it that are changed.
        half_written: What was left of an input that was not read, '' for nothing.
    """

    make: Callable[[Path], Any]
    read: Callable[[Path], Any]
    files: str
    half_written: Callable[[Path], str] = lambda place: ''


def left_over(place: Path) -> str:
    """Files under the place of prepared sets that are no whole set."""
    root = place / PREPARED
    found = [path for path in root.rglob('*') if path.is_file()]
    whole = {path.parent for path in root.rglob('dataset_info.json')}
    return ', '.join(
        str(path.relative_to(place))
        for path in found
        if not any(path.is_relative_to(folder) for folder in whole)
        or 'incomplete' in str(path)
    )
