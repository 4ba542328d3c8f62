"""Finds the data sets of an HDF5 file whose values lie in that very file.

HDF5 fills what it cannot find with zeros and says nothing: the values of another file
that is gone, and those that were never written.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np

_MAX_LINKS = 16  # more lead in a circle


class StorageError(ValueError):
    """Values cannot be read, or would be read as zeros; the message says why."""


class ElsewhereError(StorageError):
    """The values are in another file, from which they can be copied."""


def release_parts(file: h5py.File) -> list[str]:
    """Those of `data1`, `data2`, ... that are there, as in the DeepLoc release."""
    return [name for name in file if re.fullmatch(r'data[1-9]\d*', name)]


def find_dataset(file: h5py.File, name: str) -> h5py.Dataset:
    """A data set whose values HDF5 can read and that lie in `file`.

    Raises:
        StorageError: It is something else, lies in another file, or was never written.
    """
    found = _follow_links(file, name)
    if found is None:
        raise StorageError(f'{name} is not there')
    if not isinstance(found, h5py.Dataset):
        raise StorageError(
            f'{name} is a {type(found).__name__.lower()}, not a data set'
        )
    if found.shape is None:
        raise StorageError(f'{name} is empty: it has no shape')
    if outside := [part[0] for part in found.external or ()]:
        raise ElsewhereError(_elsewhere(name, outside[0]))
    if found.is_virtual:
        _check_sources(file, name, found)
    else:
        _check_filters(name, found)
        if found.size and not found.id.get_storage_size():
            raise StorageError(
                f'{name} was never written: it has a shape but no values'
            )
    return found


def unwritten_rows(dataset: h5py.Dataset) -> np.ndarray:
    """Indices along the first axis of which some values were never written."""
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
    """The object at a path, one link after the other, or None.

    HDF5 itself would open other files on the way, and end the process where `file` is
    a stream and they are gone.
    """
    found: Any = file
    for part in (part for part in path.split('/') if part not in ('', '.')):
        link = found.get(part, getlink=True) if isinstance(found, h5py.Group) else None
        if isinstance(link, h5py.ExternalLink) and not _same_file(file, link.filename):
            raise ElsewhereError(_elsewhere(path, link.filename))
        if isinstance(link, h5py.ExternalLink | h5py.SoftLink):
            target = os.path.join(found.name, link.path)  # which may be absolute
            found = links < _MAX_LINKS and _follow_links(file, target, links + 1)
            if not found:
                raise StorageError(f'{part} is a link to {link.path}, which is missing')
        else:
            found = None if link is None else found[part]
    return found


def _check_sources(file: h5py.File, name: str, dataset: h5py.Dataset) -> None:
    """A virtual data set is sound when its parts are, and cover all of it."""
    covered = 0
    for part in dataset.virtual_sources():
        if part.file_name != '.' and not _same_file(file, part.file_name):
            raise ElsewhereError(_elsewhere(name, part.file_name))
        try:
            source = find_dataset(file, part.dset_name)
        except StorageError as error:
            raise type(error)(f'{name} is virtual, and {error}') from None
        if unwritten_rows(source).size:
            raise StorageError(f'{name} is virtual, and {source.name} has holes')
        covered += min(part.vspace.get_select_npoints(), source.size or 0)
    if covered < (dataset.size or 0):
        raise StorageError(f'{name} is virtual, and nothing lies behind some of it')


def _check_filters(name: str, dataset: h5py.Dataset) -> None:
    settings = dataset.id.get_create_plist()
    for number in range(settings.get_nfilters()):
        code, _, _, label = settings.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            known = label.decode(errors='replace') or 'of no name'
            raise StorageError(
                f'{name} is compressed by the HDF5 filter {code} ({known}), which is '
                'not installed here; save it with gzip'
            )


def _same_file(file: h5py.File, name: str) -> bool:
    try:
        return os.path.samefile(Path(file.filename).parent / name, file.filename)
    except (OSError, ValueError):
        return False


def _elsewhere(name: str, target: str) -> str:
    return (
        f'{name} is only a reference to another file, {target}; HDF5 reads zeros when '
        'that is gone. Copy the values into this file'
    )
