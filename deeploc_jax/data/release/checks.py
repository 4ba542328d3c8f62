"""Checks a release file before anything is made of it, and keeps its small parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import h5py
import numpy as np

from deeploc_jax.data.release.extras import cell_ids, label_names, measurements
from deeploc_jax.data.release.hdf5 import (
    PLANE,
    Source,
    num_chunks,
    open_release,
    read_slices,
)
from deeploc_jax.data.release.labels import file_classes, to_labels
from deeploc_jax.progress import track

_SHOWN = 20  # bad rows named in an error


@dataclasses.dataclass(frozen=True)
class Contents:
    """All of a checked release file but its pixels; N cells over all chunks."""

    source: Source
    sizes: list[int]  # cells in chunk 1, 2, ...
    labels: np.ndarray  # int64 [N], -1 for a class that the screen has not
    cell_ids: list[str]  # N, unique
    measurements: np.ndarray | None  # float32 [N, F]
    measurement_names: tuple[str, ...]


def check_release(
    source: Source, class_names: Sequence[str], num_planes: int
) -> Contents:
    """Reads a file once from front to back and checks all that is in it.

    Args:
        source: The HDF5 file.
        class_names: Classes in index order; the file may have more of them.
        num_planes: Number of 64x64 planes in a row.

    Returns:
        Labels, cell names and measurements.

    Raises:
        ValueError: The file cannot be read, is not laid out so, or has rows whose
            label is not one-hot or whose pixels are not finite.
    """
    with open_release(source) as file:
        try:
            chunks = range(1, num_chunks(file) + 1)
            classes = [file_classes(file, chunk, class_names) for chunk in chunks]
            for chunk, named in enumerate(classes, 1):
                _check_shapes(file, chunk, len(named), num_planes)
        except ValueError as error:
            raise ValueError(f'{source}: {error}') from None
        index = [file[f'Index{chunk}'][()] for chunk in chunks]
        sizes = [len(rows) for rows in index]
        names = label_names(file, source, sizes)
        table, columns = measurements(file, source, sizes)
    problems = [_not_one_hot(c, rows) for c, rows in enumerate(index, 1)]
    problems += _not_finite(source, sizes)
    if any(problems):
        raise ValueError('\n  '.join([f'{source}:', *filter(None, problems)]))
    return Contents(
        source=source,
        sizes=sizes,
        labels=to_labels(source, index, classes, class_names),
        cell_ids=cell_ids(source, sizes, names),
        measurements=table,
        measurement_names=columns,
    )


def _check_shapes(file: h5py.File, chunk: int, num_classes: int, planes: int) -> None:
    data, index = file[f'data{chunk}'], file[f'Index{chunk}']
    if (
        data.ndim != 2
        or data.shape[1] != planes * PLANE
        or data.dtype.kind not in 'fiu'
    ):
        raise ValueError(
            f'data{chunk} is {data.dtype} {data.shape}, but a row must hold {planes} '
            f'planes of 64x64, {planes * PLANE} numbers.'
        )
    if index.shape != (len(data), num_classes):
        raise ValueError(
            f'Index{chunk} has shape {index.shape}, but {len(data)} cells (rows of '
            f'data{chunk}) and {num_classes} classes need {(len(data), num_classes)}.'
        )


def _not_one_hot(chunk: int, index: np.ndarray) -> str:
    good = ((index == 0) | (index == 1)).all(axis=1) & ((index == 1).sum(axis=1) == 1)
    bad = np.flatnonzero(~good)
    return f'Index{chunk}: not one class, in {_rows(bad)}' if bad.size else ''


def _not_finite(source: Source, sizes: Sequence[int]) -> list[str]:
    bad: list[list[int]] = [[] for _ in sizes]
    what = f'Checking {source.stem}'
    with track(total=sum(sizes), description=what, unit='cell') as bar:
        for chunk, start, rows in read_slices(source, len(sizes)):
            wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
            bad[chunk - 1].extend(start + wrong)
            bar.update(len(rows))
    return [
        f'data{chunk}: NaN or infinite pixels, in {_rows(rows)}'
        for chunk, rows in enumerate(bad, 1)
        if rows
    ]


def _rows(bad: Sequence[int] | np.ndarray) -> str:
    shown = ', '.join(str(row) for row in bad[:_SHOWN])
    more = f' and {len(bad) - _SHOWN} more' if len(bad) > _SHOWN else ''
    return f'{len(bad)} row(s), counted from 0: {shown}{more}'
