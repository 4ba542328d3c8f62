"""Reads cell names and measurements, which only some release files have."""

from __future__ import annotations

import collections
import warnings
from collections.abc import Sequence

import h5py
import numpy as np

from deeploc_jax.data.release.hdf5 import Source, as_text, column_names
from deeploc_jax.images.hdf5_datasets import (
    OtherFileError,
    StorageError,
    find_dataset,
    unwritten_rows,
)


def label_names(
    file: h5py.File, source: Source, sizes: Sequence[int]
) -> list[str] | None:
    """Reads cell names of all chunks, from `label_names` or `label_names<chunk>`.

    Warns where the names do not fit the cells, or are incomplete.

    Args:
        file: The open file.
        source: Its location, for warnings.
        sizes: Number of cells in chunk 1, 2, ...

    Returns:
        A name for each cell, or None where there are no names that fit.
    """
    keys = ['label_names', *(f'label_names{chunk}' for chunk in _chunks(sizes))]
    parts = _find_written(file, source, keys)
    names = [as_text(name) for part in parts for name in np.ravel(part[()])]
    if len(names) not in (0, sum(sizes)):
        _leave_out(source, f'{len(names)} label_names for {sum(sizes)} cells')
        return None
    return names or None


def measurements(
    file: h5py.File, source: Source, sizes: Sequence[int]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Reads CellProfiler measurements of all chunks, from `Info1`, `Info2`, ...

    Warns where they do not fit the cells, or are incomplete.

    Args:
        file: The open file.
        source: Its location, for warnings.
        sizes: Number of cells in chunk 1, 2, ...

    Returns:
        Measurements, float32 [N, F], and their F names; None and () where there are
        none that fit. Columns without names become `measurement_1`, ...
    """
    keys = [key for key in map('Info{}'.format, _chunks(sizes)) if key in {*file}]
    parts = _find_written(file, source, keys)
    if not any(part.size for part in parts):
        return None, ()
    shapes = [part.shape for part in parts]
    widths = {shape[1:] for shape in shapes}
    numbers = all(part.dtype.kind in 'fiub' and part.ndim == 2 for part in parts)
    if not numbers or len(widths) > 1 or [shape[0] for shape in shapes] != [*sizes]:
        _leave_out(source, f'Info of shapes {shapes} for chunks of {[*sizes]} cells')
        return None, ()
    names = column_names(file, keys[0])
    if names is None or len(names) != shapes[0][1]:
        names = [f'measurement_{i + 1}' for i in range(shapes[0][1])]
    table = np.concatenate([part[()] for part in parts])
    return table.astype(np.float32), tuple(names)


def cell_ids(
    source: Source, sizes: Sequence[int], names: list[str] | None
) -> list[str]:
    """Makes a unique name for each cell: the file's own, or file, chunk and row.

    Args:
        source: Location of the file.
        sizes: Number of cells in chunk 1, 2, ...
        names: Names from `label_names`. Chunk and row are added to a name that
            several cells share.
    """
    places = [
        f'{source.stem}/{chunk}/{row}'
        for chunk, size in enumerate(sizes, 1)
        for row in range(size)
    ]
    if names is None:
        return places
    count = collections.Counter(names)
    pairs = zip(names, places, strict=True)
    return [name if count[name] == 1 else f'{name}/{place}' for name, place in pairs]


def _find_written(
    file: h5py.File, source: Source, keys: Sequence[str]
) -> list[h5py.Dataset]:
    """Data sets that exist; none of them where HDF5 would make up some values."""
    try:
        parts = [find_dataset(file, key) for key in keys if key in {*file}]
        for part in (part for part in parts if unwritten_rows(part).size):
            raise StorageError(f'{part.name} was never written in full')
    except OtherFileError:
        raise
    except StorageError as error:
        _leave_out(source, f'values that cannot be read ({error})')
        return []
    return parts


def _chunks(sizes: Sequence[int]) -> range:
    return range(1, len(sizes) + 1)


def _leave_out(source: Source, what: str) -> None:
    warnings.warn(f'{source} has {what}; they are left out.', stacklevel=3)
