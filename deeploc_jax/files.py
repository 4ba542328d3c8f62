"""Writes files that appear whole or not at all, and reads JSON."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

_REFUSED = {
    errno.EACCES,
    errno.EEXIST,
    errno.EINVAL,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EPERM,
}
"""Error codes of file systems that do not support an operation."""


def atomic_write(path: Path | str, write: Callable[[Path], Any]) -> Path:
    """Writes a file under a temporary name in its folder, then renames it.

    The file system need support nothing else: many shares and mounted buckets have
    neither permissions nor hard links, and some have no `fsync` or cannot rename onto
    an existing file.

    Args:
        path: Path of the file; its folder is created if it is missing.
        write: Function that writes the whole file to the temporary path it is given.

    Returns:
        `path` as a `Path`.

    Raises:
        OSError: The folder cannot be written, or the disk is full. A previous file at
            `path` is then untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    try:
        write(temporary)
        _sync(temporary)
        _replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _beside(path: Path) -> Path:
    return path.with_name(f'.{path.stem}{secrets.token_hex(4)}{path.suffix}')


def _sync(path: Path) -> None:
    """Waits until the file is on the disk; otherwise a power cut may leave it empty."""
    try:
        with path.open('rb') as file:
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _REFUSED:
            raise


def _replace(temporary: Path, path: Path) -> None:
    """Renames; where that cannot replace a file, moves the old file away first."""
    try:
        os.replace(temporary, path)
    except OSError as error:
        if error.errno not in _REFUSED or not path.is_file():
            raise
        old = path.rename(_beside(path))
        try:
            temporary.rename(path)
        except OSError:
            old.rename(path)
            raise
        old.unlink()


def write_json(path: Path | str, value: Any) -> Path:
    """Writes `value` as indented JSON, atomically."""
    text = json.dumps(value, indent=2, allow_nan=False) + '\n'
    return atomic_write(path, lambda temporary: temporary.write_text(text))


def read_json(path: Path | str) -> Any:
    """Reads a JSON file.

    Raises:
        ValueError: The file, which is named, is not valid JSON.
    """
    try:
        return json.loads(Path(path).read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f'{path} is not valid JSON: {error}') from None


def read_jsonl(path: Path | str) -> list[dict[str, Any]]:
    """Reads the rows of a JSON-lines file, [] if the file does not exist.

    A last line that a crash has cut short is left out.

    Raises:
        ValueError: Another line, which is named, is not valid JSON.
    """
    path = Path(path)
    lines = path.read_text().splitlines() if path.exists() else []
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise ValueError(f'{path}, line {number}: {error}') from None
    return rows
