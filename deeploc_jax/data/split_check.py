"""Checks that splits of a prepared screen exist and share no cells."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax.splits import Range, overlaps

PURPOSES = ('train', 'validation', 'test')


def check_split(builder: tfds.core.DatasetBuilder, split: str) -> None:
    """Raises a ValueError unless the screen has this split, with a cell in it."""
    known = builder.info.splits
    parts = [part.split('[')[0].strip() for part in split.split('+')]
    for part in parts:
        if part not in known:
            raise ValueError(
                f'{builder.info.full_name} has no split {part!r}; '
                f'it has: {", ".join(known)}. Slices work too: train[:90%].'
            )
    if not known[split].num_examples:
        raise ValueError(f'Split {split!r} of {builder.info.full_name} has no cell.')


def ranges_of(builder: tfds.core.DatasetBuilder, split: str) -> list[Range]:
    """The cells of a split, slices included, in the order in which they are read.

    Raises:
        ValueError: The screen has no such split, or there is no cell in it.
    """
    check_split(builder, split)
    known = builder.info.splits
    return [
        Range(
            piece.splitname,
            piece.from_ or 0,
            known[piece.splitname].num_examples if piece.to is None else piece.to,
        )
        for piece in tfds.core.ReadInstruction.from_spec(split).to_absolute(known)
    ]


def check_splits(builder: tfds.core.DatasetBuilder, splits: Mapping[str, str]) -> None:
    """Warns for every pair of splits that share cells.

    Args:
        builder: A prepared screen.
        splits: TFDS splits by purpose, `PURPOSES`:
            `dict(train='train+validation', validation='validation', test='test')`.

    Raises:
        ValueError: The screen has no such split.
    """
    ranges = {name: ranges_of(builder, splits[name]) for name in PURPOSES}
    for first, second, shared in overlaps(ranges):
        warnings.warn(
            f'{shared:,} cells of {builder.info.full_name} are both in splits.'
            f'{first} ({splits[first]}) and in splits.{second} ({splits[second]}): '
            f'what is measured on {second} is too good.',
            stacklevel=2,
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
    for name, first, stop in ranges_of(builder, other):
        parts.append((name, first, stop, start - first))
        start += stop - first
    for name, first, stop in ranges_of(builder, split):
        own = np.full(stop - first, -1)
        for other_name, begin, end, shift in parts:
            both = np.arange(max(first, begin), min(stop, end))
            if other_name == name:
                own[both - first] = both + shift
        rows.append(own)
    return np.concatenate(rows)
