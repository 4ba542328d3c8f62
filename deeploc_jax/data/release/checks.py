"""Checks a release file before anything is built, and keeps all but its pixels."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence

import h5py
import numpy as np

from deeploc_jax.data.blank_planes import BlankPlanes
from deeploc_jax.data.release.extras import cell_ids, label_names, measurements
from deeploc_jax.data.release.hdf5 import (
    Source,
    list_rows,
    num_chunks,
    open_release,
    read_slices,
)
from deeploc_jax.data.release.labels import file_classes, to_labels
from deeploc_jax.data.release.layout import PLANE
from deeploc_jax.progress import progress_bar


@dataclasses.dataclass(frozen=True)
class Contents:
    """All of a checked release file but its pixels; N cells over all chunks.

    Attributes:
        source: Location of the file.
        sizes: Number of cells in chunk 1, 2, ...
        labels: Class indices, int64 [N], -1 for a class that the screen does not have.
        cell_ids: N unique names.
        measurements: Measurements of the cells, float32 [N, F], or None.
        measurement_names: F names, () without measurements.
    """

    source: Source
    sizes: list[int]
    labels: np.ndarray
    cell_ids: list[str]
    measurements: np.ndarray | None
    measurement_names: tuple[str, ...]


def check_release(
    source: Source, class_names: Sequence[str], plane_names: Sequence[str]
) -> Contents:
    """Reads a file once from front to back and checks everything in it.

    Warns of channels whose planes have no contrast at all.

    Args:
        source: Location of the HDF5 file.
        class_names: Classes in index order; the file may have more of them.
        plane_names: Channel of each 64x64 plane in a row, in the order of the file.

    Returns:
        Labels, cell names and measurements.

    Raises:
        ValueError: The file cannot be read, has another layout, or has rows whose
            label is not one-hot or whose pixels are not finite.
    """
    with open_release(source) as file:
        try:
            chunks = range(1, num_chunks(file) + 1)
            classes = [file_classes(file, chunk, class_names) for chunk in chunks]
            for chunk, named in enumerate(classes, 1):
                _check_shapes(file, chunk, len(named), len(plane_names))
        except ValueError as error:
            raise ValueError(f'{source}: {error}') from None
        index = [file[f'Index{chunk}'][()] for chunk in chunks]
        sizes = [len(rows) for rows in index]
        names = label_names(file, source, sizes)
        table, columns = measurements(file, source, sizes)
    problems = [_not_one_hot(c, rows) for c, rows in enumerate(index, 1)]
    not_finite, blank = _check_pixels(source, sizes, plane_names)
    problems += not_finite
    if any(problems):
        raise ValueError('\n  '.join([f'{source}:', *filter(None, problems)]))
    if blank:
        warnings.warn(f'{source}: {" ".join(blank)}', stacklevel=2)
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
            f'planes of 64x64 pixels, {planes * PLANE} numbers.'
        )
    if index.shape != (len(data), num_classes):
        raise ValueError(
            f'Index{chunk} has shape {index.shape}, but {len(data)} cells (rows of '
            f'data{chunk}) and {num_classes} classes need {(len(data), num_classes)}.'
        )


def _not_one_hot(chunk: int, index: np.ndarray) -> str:
    good = ((index == 0) | (index == 1)).all(axis=1) & ((index == 1).sum(axis=1) == 1)
    bad = np.flatnonzero(~good)
    return f'Index{chunk} is not one-hot in {list_rows(bad)}' if bad.size else ''


def _check_pixels(
    source: Source, sizes: Sequence[int], plane_names: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Reads all pixels once; returns errors, and sentences to warn of."""
    bad: list[list[int]] = [[] for _ in sizes]
    blank = [BlankPlanes(plane_names) for _ in sizes]
    what = f'Checking {source.stem}'
    with progress_bar(total=sum(sizes), description=what, unit='cell') as bar:
        for chunk, start, rows in read_slices(source, len(sizes)):
            wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
            bad[chunk - 1].extend(start + wrong)
            blank[chunk - 1].add(rows.reshape(len(rows), len(plane_names), PLANE))
            bar.update(len(rows))
    errors = [
        f'data{chunk} has NaN or infinite pixels in {list_rows(rows)}'
        for chunk, rows in enumerate(bad, 1)
        if rows
    ]
    return errors, _describe_blank(blank)


def _describe_blank(chunks: Sequence[BlankPlanes]) -> list[str]:
    """Sentences on channels that are blank in most cells of the file, or of a chunk."""
    whole = sum(chunks[1:], start=chunks[0]).describe()
    parts = [chunk.describe(f'data{n}: ') for n, chunk in enumerate(chunks, 1)]
    messages = [message for part in parts for message in part.items()]
    return [*whole.values(), *(text for name, text in messages if name not in whole)]
