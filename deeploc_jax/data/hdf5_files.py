"""Opens HDF5 files and finds data sets in them whose values lie in that very file.

HDF5 fills what it cannot find with zeros and says nothing: the values of another file
that is gone, and those that were never written.
"""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_HELD = (
    'is held open for writing by another program; close it there. If none has it '
    'open, the program that wrote it did not close it: run "h5clear -s" on a copy'
)


class StorageError(ValueError):
    """Values cannot be read, or would be read as zeros; the message says why."""


def open_to_read(file: Any) -> h5py.File:
    """Opens a path, or a binary stream, also on a share that cannot lock files.

    Raises:
        OSError: It cannot be opened.
        StorageError: Another program is writing to it.
    """
    if not isinstance(file, str | os.PathLike):
        return h5py.File(file, 'r')
    try:
        return h5py.File(file, 'r', locking='best-effort')
    except BlockingIOError:
        raise StorageError(_HELD) from None
    except OSError as error:
        if 'already open for write' in str(error):
            raise StorageError(_HELD) from None
        if 'unable to lock' in str(error) and error.errno in _NO_LOCKS:
            return h5py.File(file, 'r', locking=False)
        raise


def find_dataset(file: h5py.File, name: str) -> h5py.Dataset:
    """A data set whose values HDF5 can read and that lie in `file`.

    Raises:
        StorageError: It is something else, lies in another file, or was never written.
    """
    found = _follow_link(file, name)
    if not isinstance(found, h5py.Dataset):
        raise StorageError(
            f'{name} is a {type(found).__name__.lower()}, not a data set'
        )
    if found.shape is None:
        raise StorageError(f'{name} is empty: it has no shape')
    if outside := [part[0] for part in found.external or ()]:
        raise StorageError(_elsewhere(name, outside[0]))
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


def _follow_link(file: h5py.File, name: str) -> Any:
    link = file.get(name, getlink=True)
    target = getattr(link, 'filename', None)  # only an external link has one
    if target is not None and not _same_file(file, target):
        raise StorageError(_elsewhere(name, target))
    try:
        found = file[name]
    except (KeyError, RuntimeError):  # RuntimeError: links in a circle
        path = getattr(link, 'path', name)
        raise StorageError(f'{name} is a link to {path}, which is not there') from None
    if found.file != file:  # a link on the way leads there
        target = found.file.filename
        found.file.close()
        raise StorageError(_elsewhere(name, target))
    return found


def _check_sources(file: h5py.File, name: str, dataset: h5py.Dataset) -> None:
    """A virtual data set is sound when its parts are, and cover all of it."""
    covered = 0
    for part in dataset.virtual_sources():
        if part.file_name != '.' and not _same_file(file, part.file_name):
            raise StorageError(_elsewhere(name, part.file_name))
        if part.dset_name not in file:
            raise StorageError(
                f'{name} is made of {part.dset_name}, which is not there'
            )
        source = find_dataset(file, part.dset_name)
        if unwritten_rows(source).size:
            raise StorageError(f'{name} is made of {part.dset_name}, partly unwritten')
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
