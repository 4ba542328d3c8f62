"""A split in parts, so that what is made of millions of cells can be resumed."""

from __future__ import annotations

import itertools

import tensorflow_datasets as tfds

from deeploc_jax.data.cells import check_split
from deeploc_jax.names import split_names

Part = tuple[str, int, int]
"""Name of a split, its first cell, and the one after its last."""


def parts_of(
    builder: tfds.core.DatasetBuilder, splits: str | None, size: int
) -> list[Part]:
    """Cuts splits of a prepared screen into parts.

    Args:
        builder: The screen.
        splits: 'train,test[:10%]'; None for all.
        size: Cells in a part, at most.

    Raises:
        ValueError: The screen has no such split, two share cells, or the size is not
            positive.
    """
    if size < 1:
        raise ValueError(f'{size} cells in a part: there must be at least 1.')
    known = builder.info.splits
    parts = []
    for asked in split_names(splits or '') or list(known):
        check_split(builder, asked)
        for piece in tfds.core.ReadInstruction.from_spec(asked).to_absolute(known):
            start = piece.from_ or 0
            end = piece.to
            if end is None:
                end = known[piece.splitname].num_examples
            parts += [
                (piece.splitname, first, min(first + size, end))
                for first in range(start, end, size)
            ]
    for (name, _, end), (other, start, _) in itertools.pairwise(sorted(parts)):
        if name == other and start < end:
            raise ValueError(f'splits ({splits}): some cells of {name!r} come twice.')
    return parts
