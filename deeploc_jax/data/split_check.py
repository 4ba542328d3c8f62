"""Splits that do not exist, or that share cells."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping

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
