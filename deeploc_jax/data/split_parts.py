"""Cuts splits in parts, so that work on millions of cells can be resumed."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow_datasets as tfds

from deeploc_jax.data.split_check import ranges_of
from deeploc_jax.splits import Range, overlaps


def parts_of(
    builder: tfds.core.DatasetBuilder, splits: Sequence[str] | None, size: int
) -> list[Range]:
    """Cuts splits of a prepared screen into parts.

    Args:
        builder: The screen.
        splits: Names, slices included: ['train', 'test[:10%]']; None for all.
        size: Cells in a part, at most.

    Raises:
        ValueError: The screen has no such split, two share cells, or the size is not
            positive.
    """
    if size < 1:
        raise ValueError(f'cells_per_file ({size}) must be at least 1.')
    asked = list(splits or builder.info.splits)
    pieces = [piece for split in asked for piece in ranges_of(builder, split)]
    for index, _, shared in overlaps({i: [piece] for i, piece in enumerate(pieces)}):
        raise ValueError(
            f'splits ({", ".join(asked)}): {shared:,} cells of {pieces[index].name!r} '
            'come twice.'
        )
    return [
        Range(name, first, min(first + size, stop))
        for name, start, stop in pieces
        for first in range(start, stop, size)
    ]
