"""Checkpoints are adapted to file systems that refuse to sync folders or lock files."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orbax.checkpoint._src.serialization import tensorstore_utils


def suit_file_system(folder: Path) -> None:
    """Lets Orbax write where folders cannot be synced or files cannot be locked.

    TensorStore, with which Orbax writes, syncs every folder it wrote to and locks
    files. It fails where a network share or the file system of a cluster refuses. Orbax
    offers no option for either, so its defaults are changed here. Without syncing, a
    power cut can damage a checkpoint that was just saved; reading it detects that.

    Args:
        folder: Folder of the checkpoints, which need not exist yet.
    """
    while not folder.exists():
        folder = folder.parent
    options: dict[str, Any] = {}
    if _refused(_sync, folder):
        options['file_io_sync'] = False
    if _refused(_lock, folder):
        options['file_io_locking'] = {'mode': 'lockfile'}
    tensorstore_utils._BASE_TS_CONTEXT.update(options)
    tensorstore_utils._DEFAULT_OCDBT_TS_CONTEXT.update(options)


def _refused(operation: Callable[[Path], None], folder: Path) -> bool:
    try:
        operation(folder)
    except OSError:
        return True
    return False


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lock(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
