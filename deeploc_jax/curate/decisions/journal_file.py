"""A file of lines only grows: each is on the disk, whole, when it counts."""

from __future__ import annotations

import os
from pathlib import Path


def append_line(path: Path, line: bytes) -> None:
    """Appends to a file and waits for the disk; a part of a line is taken away again.

    Raises:
        OSError: The disk is full. The file is as it was before.
    """
    with path.open('ab', buffering=0) as file:
        before = os.fstat(file.fileno()).st_size
        try:
            written = file.write(line)
            if written != len(line):
                raise OSError(f'{path}: only {written} of {len(line)} bytes fit.')
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), before)
            raise


def set_torn_line_aside(path: Path) -> None:
    """Ends a file with a whole line; what comes after goes to `<name>.torn` beside it.

    Args:
        path: The file, made when it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    data = path.read_bytes()
    whole = data.rfind(b'\n') + 1
    if whole == len(data):
        return
    append_line(path.with_name(path.name + '.torn'), data[whole:] + b'\n')
    with path.open('r+b') as file:
        file.truncate(whole)
        os.fsync(file.fileno())
