"""Opens HDF5 files of the DeepLoc release, also inside the zip, and reads them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np

from deeploc_jax.data.release.layout import data_names
from deeploc_jax.images.hdf5_datasets import StorageError, find_dataset, unwritten_rows
from deeploc_jax.images.hdf5_files import open_to_read

SLICE = 256  # rows in memory at a time
_SHOWN = 20  # bad rows named in an error


@dataclasses.dataclass(frozen=True)
class Source:
    """Location of an HDF5 file: a path, or a member of the zip at that path."""

    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return f'{self.path}' if self.member is None else f'{self.path}:{self.member}'

    @property
    def stem(self) -> str:
        """File name without folder and ending."""
        return PurePosixPath(self.member or self.path.as_posix()).stem


@contextlib.contextmanager
def open_release(source: Source) -> Iterator[h5py.File]:
    """Opens the file for reading; a zip member is streamed, never extracted.

    Raises:
        ValueError: The file cannot be opened, reading it breaks off, or some of its
            values are in another file or nowhere.
    """
    try:
        with contextlib.ExitStack() as stack:
            file: Any = source.path
            if source.member is not None:
                archive = stack.enter_context(zipfile.ZipFile(source.path))
                file = stack.enter_context(archive.open(source.member))
            yield stack.enter_context(open_to_read(file))
    except StorageError as error:
        raise ValueError(f'{source}: {error}.') from None
    except (
        OSError,
        EOFError,
        KeyError,
        RuntimeError,  # also an encrypted zip, or a compression Python lacks
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        if isinstance(error, OSError) and error.errno:  # the system refuses access
            reason = os.strerror(error.errno)
            raise ValueError(f'{source} cannot be read: {reason}.') from None
        raise ValueError(
            f'{source} cannot be read ({error}). If it is truncated, damaged or not an '
            'HDF5 file, get a new copy; instead of a zip, try the extracted files.'
        ) from None


def num_chunks(file: h5py.File) -> int:
    """Counts the chunks `data1`, `data2`, ... of a file, each with its labels.

    Raises:
        ValueError: `data1` or another number is missing, labels are missing, or some
            values are in another file or were never written.
    """
    last = max((int(name[4:]) for name in data_names(file)), default=1)
    needed = [f'{kind}{n}' for n in range(1, last + 1) for kind in ('data', 'Index')]
    if missing := [key for key in needed if key not in {*file}]:
        raise ValueError(f'it has no {", ".join(missing)}, only {", ".join(file)}.')
    for key in needed:
        if rows := unwritten_rows(find_dataset(file, key)).tolist():
            raise StorageError(f'{key} was never written in {list_rows(rows)}')
    return last


def column_names(file: h5py.File, dataset: str) -> list[str] | None:
    """Column names of a data set, None where the file does not state them.

    The release states them in a root attribute `<dataset>_columns` or in an attribute
    `columns` of the data set, as a list or as one text with commas.
    """
    value = file.attrs.get(f'{dataset}_columns', file[dataset].attrs.get('columns'))
    if value is None or isinstance(value, h5py.Empty):
        return None
    if isinstance(value, str | bytes):
        return [part.strip() for part in as_text(value).split(',')]
    return [as_text(part).strip() for part in np.ravel(value)]


def as_text(value: Any) -> str:
    """A name as `str`, however HDF5 stored it."""
    return value.decode('utf-8', 'replace') if isinstance(value, bytes) else str(value)


def read_slices(source: Source, chunks: int) -> Iterator[tuple[int, int, np.ndarray]]:
    """Reads the pixels of a file once, from front to back.

    Args:
        source: Location of the file.
        chunks: Number of its chunks.

    Yields:
        Number of the chunk, first row, and values [<= 256, planes * 4096] as stored.
    """
    with open_release(source) as file:
        for chunk in range(1, chunks + 1):
            data = file[f'data{chunk}']
            for start in range(0, len(data), SLICE):
                yield chunk, start, data[start : start + SLICE]


def list_rows(rows: Sequence[int] | np.ndarray) -> str:
    """Number of rows, and which, for an error."""
    shown = ', '.join(str(row) for row in rows[:_SHOWN])
    more = f' and {len(rows) - _SHOWN} more' if len(rows) > _SHOWN else ''
    return f'{len(rows)} row(s), counted from 0: {shown}{more}'
