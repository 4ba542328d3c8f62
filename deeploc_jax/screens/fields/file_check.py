"""Finds what is wrong with an image file without opening it."""

from __future__ import annotations

import os
from pathlib import Path


def find_file_fault(path: Path) -> str:
    """Why a file cannot be an image, '' where that is not known yet."""
    if not os.path.exists(path):
        return 'no such file'
    if os.path.isfile(path) and not os.path.getsize(path):
        return 'is empty (0 bytes)'
    return ''


def is_outside(path: Path, folder: Path) -> bool:
    """Whether a path leads out of a folder, as it is written; links are followed."""
    inside = os.path.abspath(folder)
    return os.path.commonpath([inside, os.path.abspath(path)]) != inside
