"""Checkpoints in folders that cannot be synced to the disk, as some shares."""

from __future__ import annotations

import os
from pathlib import Path

from orbax.checkpoint._src.serialization import tensorstore_utils


def allow_unsynced(folder: Path) -> None:
    """Lets Orbax write where the file system refuses to sync a folder.

    TensorStore, with which Orbax writes, syncs every folder it wrote to, and fails
    where that is not possible. Orbax has no option for it, only these defaults of its.
    A power cut can then lose a checkpoint that was just saved; that it is damaged is
    noticed when it is read.

    Args:
        folder: Where checkpoints go; it need not exist yet.
    """
    while not folder.exists():
        folder = folder.parent
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError:
        for context in (
            tensorstore_utils._BASE_TS_CONTEXT,
            tensorstore_utils._DEFAULT_OCDBT_TS_CONTEXT,
        ):
            context['file_io_sync'] = False
