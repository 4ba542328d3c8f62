"""Cells that are in two splits at once: a network would be tested on what it knows."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping

import tensorflow_datasets as tfds


def warn_of_overlap(
    builder: tfds.core.DatasetBuilder, splits: Mapping[str, str]
) -> None:
    """Warns of each two splits that share cells, and says how many.

    Args:
        builder: A prepared screen.
        splits: TFDS splits by what they are for, as in a config:
            `dict(train='train+validation', validation='validation', test='test')`.
    """
    for first, second in itertools.combinations(splits, 2):
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
