"""Searches a folder for the files whose names follow a pattern."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from deeploc_jax.screens.fields.listing import UNMATCHED, Problem
from deeploc_jax.screens.fields.pattern import Pattern
from deeploc_jax.screens.fields.place import read_place

Files = dict[str, list[Path]]
"""The files of a field by what their names call the channel, '' for all channels."""


def match_files(
    pattern: Pattern, screen: str | None
) -> tuple[dict[tuple[str, ...], Files], list[Problem]]:
    """Finds the files that match a pattern.

    Args:
        pattern: Pattern from `parse_pattern`.
        screen: Name of the screen where the pattern does not say it.

    Returns:
        Files by place (in the order of `PLACE`) and channel, and what did not match.
    """
    found: dict[tuple[str, ...], Files] = {}
    problems = []
    for path, fits in _walk(pattern):
        file = pattern.folder / path
        try:
            values = pattern.match(path) if fits else None
            if values is None:
                reason = 'does not match the pattern'
                problems.append(Problem(UNMATCHED, reason, path, loses=False))
                continue
            place = tuple(read_place(values, screen).values())
        except ValueError as error:
            problems.append(Problem(UNMATCHED, str(error), path))
            continue
        files = found.setdefault(place, {})
        files.setdefault(values.get('channel', ''), []).append(file)
    return found, problems


def _walk(pattern: Pattern) -> Iterator[tuple[str, bool]]:
    """Paths below the folder of a pattern, sorted, and whether they may match it.

    A folder whose name fits no level of the pattern is named, and not searched.
    """
    last = len(pattern.levels) - 1

    def search(folder: str, level: int) -> Iterator[tuple[str, bool]]:
        with os.scandir(pattern.folder / folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            path = f'{folder}{entry.name}'
            fits = bool(pattern.levels[level].fullmatch(entry.name))
            if entry.name.startswith('.') and not fits:
                continue
            if level < last and fits and entry.is_dir():
                yield from search(f'{path}/', level + 1)
            else:
                yield path, fits and level == last

    return search('', 0)
