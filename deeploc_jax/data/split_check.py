"""Splits that do not exist, or that share cells."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax.data.cells import check_split

PURPOSES = ('train', 'validation', 'test')


def check_splits(builder: tfds.core.DatasetBuilder, splits: Mapping[str, str]) -> None:
    """Warns of each two splits that share cells: the later one is no test then.

    Args:
        builder: A prepared screen.
        splits: TFDS splits by what they are for, `PURPOSES`:
            `dict(train='train+validation', validation='validation', test='test')`.

    Raises:
        ValueError: The screen has no such split.
    """
    for split in splits.values():
        check_split(builder, split)
    for first, second in itertools.combinations(PURPOSES, 2):
        shared = _shared(builder, splits[first], splits[second])
        if shared:
            warnings.warn(
                f'{shared:,} cells of {builder.info.full_name} are both in splits.'
                f'{first} ({splits[first]}) and in splits.{second} ({splits[second]}): '
                f'what is measured on {second} is too good.',
                stacklevel=3,
            )


def rows_among(builder: tfds.core.DatasetBuilder, split: str, other: str) -> np.ndarray:
    """Where the cells of a split stand in another split, slices included.

    Args:
        builder: A prepared screen.
        split: A TFDS split of n cells.
        other: Another one.

    Returns:
        int64 [n], the row of each cell in `other`; -1 where it is not in it.
    """
    rows, start = [], 0
    parts = []
    for file, first, stop in _ranges(builder, other):
        parts.append((file, first, stop, start - first))
        start += stop - first
    for file, first, stop in _ranges(builder, split):
        own = np.full(stop - first, -1)
        for name, begin, end, shift in parts:
            both = np.arange(max(first, begin), min(stop, end))
            if name == file:
                own[both - first] = both + shift
        rows.append(own)
    return np.concatenate(rows)


def _shared(builder: tfds.core.DatasetBuilder, first: str, second: str) -> int:
    """Cells in both splits."""
    pairs = itertools.product(_ranges(builder, first), _ranges(builder, second))
    return sum(
        max(min(a[2], b[2]) - max(a[1], b[1]), 0) for a, b in pairs if a[0] == b[0]
    )


def _ranges(
    builder: tfds.core.DatasetBuilder, split: str
) -> list[tuple[str, int, int]]:
    """File, first cell and the one after the last of each part of a split."""
    return [
        (part.filename, part.skip, part.skip + part.take)
        for part in builder.info.splits[split].file_instructions
    ]
