"""Finds out whether a path is one of OME-Zarr, and reads its metadata."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from deeploc_jax.images.errors import ImageError

_METADATA = ('zarr.json', '.zgroup')  # of Zarr 3 and 2


def is_zarr(path: Path) -> bool:
    """Whether a path is, or would be, a group of Zarr: a plate, a well or an image."""
    if path.suffix:  # without another look at the disk
        return path.suffix.lower() == '.zarr'
    return any(p.suffix.lower() == '.zarr' for p in path.parents) or _is_group(path)


def _is_group(path: Path) -> bool:
    return any(os.path.isfile(path / name) for name in _METADATA)


def open_group(path: Path) -> Any:
    """Opens a group of Zarr to read it.

    Raises:
        ImageError: There is none, or the library is not installed.
    """
    try:
        import zarr
    except ImportError:
        raise ImageError("OME-Zarr needs zarr: pip install -e '.[zarr]'") from None
    if not path.is_dir():
        raise ImageError('no such folder')
    if not _is_group(path):
        raise ImageError(
            'is a folder without zarr.json or .zgroup, which every group has'
        )
    return zarr.open_group(path, mode='r')


def ome_attributes(group: Any) -> dict[str, Any]:
    """The metadata of OME in a group of Zarr, from version 0.5 on or before."""
    attributes = group.attrs.asdict()
    return attributes.get('ome', attributes)
