"""Opens HDF5 files, also on a network share that cannot lock files."""

from __future__ import annotations

import errno
import os
from typing import Any

import h5py

from deeploc_jax.images.hdf5_datasets import StorageError

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_HELD = (
    'is held open for writing by another program; close it there. If none has it '
    'open, the program that wrote it did not close it: run "h5clear -s" on a copy'
)


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
