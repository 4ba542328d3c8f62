"""Files that appear whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def atomic_write(path: Path | str, write: Callable[[Path], Any]) -> Path:
    """Writes a file under a temporary name beside it, then renames.

    Args:
        path: Where the file shall appear; its folder is made when missing.
        write: Called with the temporary path; writes the whole file there.

    Returns:
        `path` as a `Path`.

    Raises:
        OSError: The folder cannot be written, or the disk is full. What stood at
            `path` before is then untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix='.' + path.stem, suffix=path.suffix
    )
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open('rb') as written:
            os.fsync(written.fileno())  # or a power cut could leave it empty
        temporary.chmod(0o666 & ~_umask())  # mkstemp made it private
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def write_json(path: Path | str, value: Any) -> Path:
    """Writes `value` as indented JSON, atomically."""
    text = json.dumps(value, indent=2, allow_nan=False) + '\n'
    return atomic_write(path, lambda temporary: temporary.write_text(text))


def read_json(path: Path | str) -> Any:
    """Reads a JSON file; a broken one is named in the error."""
    try:
        return json.loads(Path(path).read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f'{path} is not valid JSON: {error}') from None


def read_jsonl(path: Path | str) -> list[dict[str, Any]]:
    """Rows of a JSON-lines file, none where there is no file.

    A last line cut short by a crash is left out; any other broken line is an error.
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
