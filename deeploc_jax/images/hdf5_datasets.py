"""Finds data sets of an HDF5 file whose values really are in that file.

HDF5 silently fills in zeros for values that it cannot find: those in another file that
is gone, and those that were never written.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from deeploc_jax.images.errors import ImageError

_MAX_LINKS = 16  # a longer chain is taken for a circle


class StorageError(ImageError):
    """Values cannot be read, or would be read as zeros; the message says why."""


class OtherFileError(StorageError):
    """The values are in another file, from which they can be copied."""


def find_dataset(file: h5py.File, name: str) -> h5py.Dataset:
    """Finds a data set whose values HDF5 can read and that are in `file`.

    Raises:
        StorageError: It is something else, is in another file, or was never written.
    """
    dataset = _follow_links(file, name)
    if dataset is None:
        raise StorageError(f'{name} is not there')
    if not isinstance(dataset, h5py.Dataset):
        raise StorageError(
            f'{name} is a {type(dataset).__name__.lower()}, not a data set'
        )
    if dataset.shape is None:
        raise StorageError(f'{name} is empty: it has no shape')
    if other_files := [part[0] for part in dataset.external or ()]:
        raise OtherFileError(_in_other_file(name, other_files[0]))
    if dataset.is_virtual:
        _check_sources(file, name, dataset)
    else:
        _check_filters(name, dataset)
        if dataset.size and not dataset.id.get_storage_size():
            raise StorageError(
                f'{name} was never written: it has a shape but no values'
            )
    return dataset


def unwritten_rows(dataset: h5py.Dataset) -> np.ndarray:
    """Indices along the first axis where some values were never written, int [m]."""
    chunks, shape = dataset.chunks, dataset.shape
    if not chunks or not dataset.size:
        return np.empty(0, int)
    blocks = [math.ceil(n / size) for n, size in zip(shape, chunks, strict=True)]
    if dataset.id.get_num_chunks() == math.prod(blocks):
        return np.empty(0, int)
    written = np.zeros(blocks[0], int)

    def count(chunk: Any) -> None:
        written[chunk.chunk_offset[0] // chunks[0]] += 1

    dataset.id.chunk_iter(count)
    rows = (written < math.prod(blocks[1:])).repeat(chunks[0])
    return np.flatnonzero(rows[: len(dataset)])


def _follow_links(file: h5py.File, path: str, links: int = 0) -> Any:
    """The object at a path, reached one link at a time, or None.

    HDF5 itself would open other files on the way. Where `file` is a stream and they
    are gone, it would end the process.
    """
    node: Any = file
    for part in (part for part in path.split('/') if part not in ('', '.')):
        link = node.get(part, getlink=True) if isinstance(node, h5py.Group) else None
        if isinstance(link, h5py.ExternalLink) and not _same_file(file, link.filename):
            raise OtherFileError(_in_other_file(path, link.filename))
        if isinstance(link, h5py.ExternalLink | h5py.SoftLink):
            target = os.path.join(node.name, link.path)  # which may be absolute
            node = links < _MAX_LINKS and _follow_links(file, target, links + 1)
            if not node:
                raise StorageError(f'{part} is a link to {link.path}, which is missing')
        else:
            node = None if link is None else node[part]
    return node


def _check_sources(file: h5py.File, name: str, dataset: h5py.Dataset) -> None:
    """Refuses a virtual data set unless its parts are sound and cover all of it."""
    covered = 0
    for part in dataset.virtual_sources():
        if part.file_name != '.' and not _same_file(file, part.file_name):
            raise OtherFileError(_in_other_file(name, part.file_name))
        try:
            source = find_dataset(file, part.dset_name)
        except StorageError as error:
            raise type(error)(f'{name} is virtual, and {error}') from None
        if unwritten_rows(source).size:
            raise StorageError(f'{name} is virtual, and {source.name} has holes')
        covered += min(part.vspace.get_select_npoints(), source.size or 0)
    if covered < (dataset.size or 0):
        raise StorageError(f'{name} is virtual, and some of it has no values')


def _check_filters(name: str, dataset: h5py.Dataset) -> None:
    settings = dataset.id.get_create_plist()
    for number in range(settings.get_nfilters()):
        code, _, _, label = settings.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            known = label.decode(errors='replace') or 'without a name'
            raise StorageError(
                f'{name} is compressed by the HDF5 filter {code} ({known}), which is '
                'not installed here; save it with gzip'
            )


def _same_file(file: h5py.File, name: str) -> bool:
    try:
        return os.path.samefile(Path(file.filename).parent / name, file.filename)
    except (OSError, ValueError):
        return False


def _in_other_file(name: str, target: str) -> str:
    return (
        f'{name} is only a reference to another file, {target}; HDF5 reads zeros when '
        'that file is gone. Copy the values into this file'
    )
