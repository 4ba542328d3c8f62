"""Turns the one-hot labels of a release file into classes of the screen."""

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
    """Finds the class of each label column of a chunk, named as in the screen.

    If the file names its columns, they may come in another order than the classes of
    the screen, and there may be more of them. Without names, the columns must be the
    classes of the screen.

    Args:
        file: The open file.
        chunk: Number of the chunk, counted from 1.
        class_names: Classes of the screen.

    Raises:
        ValueError: A class of the screen has no column, or two.
    """
    columns = column_names(file, f'Index{chunk}')
    if columns is None:
        return tuple(class_names)
    plain = [_plain(name) for name in columns]
    absent = [name for name in class_names if plain.count(_plain(name)) != 1]
    if absent:
        both = itertools.zip_longest(class_names, columns, fillvalue='(none)')
        table = [f'  {i:2d}  {a:24} {b}' for i, (a, b) in enumerate(both)]
        raise ValueError(
            f'Index{chunk} must have one column for each class of this screen, but it '
            f'has none, or two, for {", ".join(absent)}. Index, class of the screen '
            'and class in the file:\n' + '\n'.join(table)
        )
    ours = {_plain(name): name for name in class_names}
    return tuple(ours.get(p, name) for p, name in zip(plain, columns, strict=True))


def _plain(name: str) -> str:
    return ''.join(filter(str.isalnum, name)).lower()


def to_labels(
    source: Source,
    index: Sequence[np.ndarray],
    columns: Sequence[Sequence[str]],
    class_names: Sequence[str],
) -> np.ndarray:
    """Turns one-hot labels of all chunks into class indices.

    Warns of cells whose class is not in the screen.

    Args:
        source: Location of the file, for the warning.
        index: One-hot labels of each chunk, [n, K].
        columns: K names from `file_classes` for each chunk.
        class_names: Classes of the screen in index order.

    Returns:
        Class indices, int64 [N], -1 for a class that is not in the screen.
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
            f'{source} has {len(others):,} cells of classes that this screen does not '
            f'have; they are kept without a label: {shown}.',
            stacklevel=4,
        )
