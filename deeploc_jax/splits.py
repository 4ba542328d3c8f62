"""Describes splits as ranges of cells, and detects which of them share cells."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

Key = TypeVar('Key')


class Range(NamedTuple):
    """Cells `start` to `stop` - 1 of a split that is stored under `name`."""

    name: str
    start: int
    stop: int


def whole_splits(text: str) -> list[Range]:
    """Ranges of splits that are taken whole, 'train+validation', of unknown sizes."""
    return [Range(name, 0, 1) for name in text.split('+')]


def shared_cells(first: Sequence[Range], second: Sequence[Range]) -> int:
    """Number of cells that two splits have in common."""
    return sum(
        max(min(one.stop, other.stop) - max(one.start, other.start), 0)
        for one, other in itertools.product(first, second)
        if one.name == other.name
    )


def overlaps(
    splits: Mapping[Key, Sequence[Range]],
) -> Iterator[tuple[Key, Key, int]]:
    """Every pair of splits that share cells: both keys, and the number of cells."""
    for first, second in itertools.combinations(splits, 2):
        if shared := shared_cells(splits[first], splits[second]):
            yield first, second, shared
