"""Labels of a release file: one-hot rows become classes of the screen."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence

import h5py
import numpy as np

from deeploc_jax.data.release.hdf5 import Source, column_names


def file_classes(
    file: h5py.File, chunk: int, class_names: Sequence[str]
) -> tuple[str, ...]:
    """The class of each label column of a chunk, named as the screen names it.

    Columns may come in another order than the screen's classes, and there may be more
    of them, if their names are in the file. Without names they must be those of the
    screen.

    Args:
        file: The open file.
        chunk: Its number, from 1.
        class_names: Classes of the screen.

    Raises:
        ValueError: A class of the screen has no column, or two.
    """
    found = column_names(file, f'Index{chunk}')
    if found is None:
        return tuple(class_names)
    plain = [_plain(name) for name in found]
    absent = [name for name in class_names if plain.count(_plain(name)) != 1]
    if absent:
        both = itertools.zip_longest(class_names, found, fillvalue='(none)')
        table = [f'  {i:2d}  {a:24} {b}' for i, (a, b) in enumerate(both)]
        raise ValueError(
            f'Index{chunk} must have one column for each class of this screen, but it '
            f'has none, or two, for {", ".join(absent)}. '
            'Index, class of the screen, class in the file:\n' + '\n'.join(table)
        )
    ours = {_plain(name): name for name in class_names}
    return tuple(ours.get(p, name) for p, name in zip(plain, found, strict=True))


def _plain(name: str) -> str:
    return ''.join(filter(str.isalnum, name)).lower()


def to_labels(
    source: Source,
    index: Sequence[np.ndarray],
    columns: Sequence[Sequence[str]],
    class_names: Sequence[str],
) -> np.ndarray:
    """Class indices of the cells of all chunks, -1 for a class the screen has not.

    Args:
        source: Names the file in the warning that counts those cells.
        index: One-hot labels of each chunk, [n, K].
        columns: From `file_classes`, K names for each chunk.
        class_names: Classes of the screen in index order.

    Returns:
        int64 [N].
    """
    names = np.concatenate(
        [
            np.array(named, object)[rows.argmax(axis=1)]
            for rows, named in zip(index, columns, strict=True)
        ]
    )
    number = {name: i for i, name in enumerate(class_names)}
    labels = np.array([number.get(name, -1) for name in names], np.int64)
    _warn_of_others(source, names[labels < 0])
    return labels


def _warn_of_others(source: Source, others: np.ndarray) -> None:
    if len(others):
        names, counts = np.unique(others, return_counts=True)
        shown = ', '.join(f'{n} {c:,}' for n, c in zip(names, counts, strict=True))
        warnings.warn(
            f'{source} has {len(others):,} cells of classes that are not among those '
            f'of this screen; they are kept without a label: {shown}.',
            stacklevel=4,
        )
