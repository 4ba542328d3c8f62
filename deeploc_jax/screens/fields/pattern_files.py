"""Files whose names follow a pattern become fields."""

from __future__ import annotations

from deeploc_jax.images import ImageReader
from deeploc_jax.names import show_names
from deeploc_jax.screens.fields.channels import Channels
from deeploc_jax.screens.fields.field import Field, Plane
from deeploc_jax.screens.fields.file_check import find_file_fault
from deeploc_jax.screens.fields.file_contents import list_contents
from deeploc_jax.screens.fields.listing import (
    DOUBLED,
    MISSING,
    UNUSABLE,
    Listing,
    Problem,
)
from deeploc_jax.screens.fields.pattern import Pattern
from deeploc_jax.screens.fields.pattern_search import Files, match_files
from deeploc_jax.screens.fields.place import PLACE, make_field


def list_pattern(
    pattern: Pattern, channels: Channels, screen: str | None = None
) -> Listing:
    """Lists the fields of all files that match a pattern.

    Where the pattern has no part `field`, files are opened to see how many they hold.

    Args:
        pattern: Pattern from `parse_pattern`.
        channels: Channels of the screen.
        screen: Name of the screen where the pattern does not say it.

    Raises:
        ValueError: The folder does not exist, nothing in it matches, or no file name
            holds a channel that has a role.
    """
    if not pattern.folder.is_dir():
        raise ValueError(f'There is no folder {pattern.folder}.')
    found, problems = match_files(pattern, screen)
    if not found:
        listed = show_names((p.file for p in problems), 5)
        raise ValueError(
            f'No file in {pattern.folder} matches the pattern; there are: '
            f'{listed or "no files"}.'
        )
    notes = [
        f'The part {{{name}}} of the pattern is not used.' for name in pattern.unused
    ]
    if 'channel' in pattern.names:
        notes += _check_channels(found, channels)
    fields: list[Field] = []
    with ImageReader() as reader:
        for place, files in found.items():
            field = _make_field(dict(zip(PLACE, place, strict=True)), files, channels)
            if isinstance(field, Problem):
                problems.append(field)
            elif 'field' in pattern.names:
                fields.append(field)
            else:
                contents = list_contents(field, reader)
                fields += contents.fields
                problems += contents.problems
                notes += contents.notes
    return Listing(tuple(fields), tuple(problems), tuple(notes))


def _check_channels(
    found: dict[tuple[str, ...], Files], channels: Channels
) -> list[str]:
    """Notes on channels without a role.

    Raises:
        ValueError: A channel with a role occurs nowhere.
    """
    values = sorted({value for files in found.values() for value in files})
    names = {channels.name(value) for value in values}
    if missing := channels.missing_in(names):
        raise ValueError(
            f'No file name holds the channel {missing[0]!r}; found: '
            f'{show_names(values)}. Name them by channel_names='
            f'{",".join(f"{value}=<name>" for value in values[:4])}.'
        )
    others = show_names(sorted(names - set(channels.used)))
    return [f'Channels without a role are not used: {others}.'] if others else []


def _make_field(
    place: dict[str, str], files: Files, channels: Channels
) -> Field | Problem:
    """The field at a place, or why its files make none."""
    named = {channels.name(value): paths for value, paths in files.items()}
    planes = {}
    for name in channels.used:
        paths = named.get('' if '' in named else name, [])
        if not paths:
            return Problem.at(place, MISSING, f'no file of the channel {name!r}')
        if len(paths) > 1:
            reason = f'{len(paths)} files of the same field and channel: ' + show_names(
                (path.name for path in paths), 4
            )
            return Problem.at(place, DOUBLED, reason, str(paths[0]))
        if fault := find_file_fault(paths[0]):
            return Problem.at(place, UNUSABLE, fault, str(paths[0]))
        together = '' in named
        planes[name] = Plane(
            paths[0],
            channel=channels.number(name) if together else None,
            num_channels=len(channels.file_order) or None if together else None,
        )
    return make_field(place, planes)
