"""Finds the image files of a table, also one that another computer wrote."""

from __future__ import annotations

import difflib
import functools
import itertools
import os
import re
import unicodedata
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from deeploc_jax.data.own.similar_names import fold_name

_LISTED = 100_000  # names of a folder that are searched for a misspelled one
_COMPARED = 5000  # names that are compared letter by letter
_TAIL = 5  # last parts of a path that are looked for beside the table


def find_image(folder: Path, text: str) -> Path:
    """Finds the file that a table names, relative to the folder of the table.

    A file of exactly this name wins. Otherwise backslashes are read as slashes, a
    `file:` URL as a path, and letters with accents in either form of Unicode.

    Args:
        folder: Folder of the table.
        text: Path as it is written in the table.

    Returns:
        The file, or `folder / text` where none of these exists.
    """
    paths = (folder / spelling for spelling in _spellings(text))
    return next((path for path in paths if os.path.isfile(path)), folder / text)


def _spellings(text: str) -> Iterator[str]:
    yield text
    if text[:5].lower() == 'file:':
        text = re.sub(r'^//(localhost)?(?=/)', '', urllib.parse.unquote(text[5:]))
        text = re.sub(r'^/(?=[A-Za-z]:)', '', text)
    text = text.replace('\\', '/')
    yield text
    for form in () if text.isascii() else ('NFC', 'NFD'):
        yield unicodedata.normalize(form, text)


def missing_hint(folder: Path, path: Path) -> str:
    """A hint on a missing file, to follow a message: '', or words after a semicolon.

    Args:
        folder: Folder of the table.
        path: Path from `find_image`.
    """
    if os.path.isfile(path):
        return ''
    text = str(path).removeprefix(f'{folder}{os.sep}').replace('\\', '/')
    kind = _describe_foreign(text)
    near = _beside_table(folder, text) or ('' if kind else _nearest(folder / text))
    near = near.removeprefix(f'{folder}{os.sep}')
    return kind + (f'; did you mean {near!r}?' if near else '')


def _describe_foreign(text: str) -> str:
    if os.name != 'nt' and re.match(r'[A-Za-z]:|//', text):
        return (
            '; this is a path on another computer: write it relative to the folder of '
            'the table'
        )
    if re.match(r'(?!file:)[a-z][a-z0-9+.-]+:/', text):
        return '; this is an address, not a file on this computer'
    return ''


def _beside_table(folder: Path, text: str) -> str:
    """The longest end of the path that is a file below the folder of the table."""
    parts = [part for part in text.split('/') if part]
    for count in range(min(len(parts) - 1, _TAIL), 0, -1):
        tail = '/'.join(parts[-count:])
        if os.path.isfile(folder / tail):
            return tail
    return ''


def _nearest(path: Path) -> str:
    """The file with the most similar name, in the folder with the most similar name."""
    parent = path.parent
    if parent != path and not os.path.isdir(parent):
        nearest = _nearest(parent)
        if not nearest:
            return ''
        parent = Path(nearest)
    names = _names(parent, _changed(parent))
    near = names.get(fold_name(path.name)) or next(
        iter(difflib.get_close_matches(path.name, [*names.values()][:_COMPARED], 1)), ''
    )
    return str(parent / near) if near else ''


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=8)
def _names(folder: Path, changed: int) -> dict[str, str]:
    """Names in a folder by their folded form, which leaves out common slips.

    Args:
        folder: The folder.
        changed: Time of its last change, which makes it a new entry of the cache.
    """
    del changed
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in itertools.islice(entries, _LISTED)]
    except OSError:
        return {}
    return {fold_name(name): name for name in names}
