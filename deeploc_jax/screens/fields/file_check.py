"""Finds what is wrong with an image file without opening it."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def find_file_fault(path: Path) -> str:
    """Why a file cannot be an image, '' where that is not known yet."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return 'no such file'
    except OSError as error:  # a name that is too long, a share that is gone
        return f'cannot be read: {error.strerror}'
    empty = stat.S_ISREG(found.st_mode) and not found.st_size
    return 'is empty (0 bytes)' if empty else ''


def is_outside(path: Path, folder: Path) -> bool:
    """Whether a path leads out of a folder, as it is written; links are followed."""
    inside = os.path.abspath(folder)
    return os.path.commonpath([inside, os.path.abspath(path)]) != inside
