"""Which channel of a user's images becomes which channel of the screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from deeploc_jax.data.own.cell_files import find_image
from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.data.own.image_formats import make_reader
from deeploc_jax.images import ImageError, ImageFile
from deeploc_jax.names import show_names, split_names

_TRIED = 20  # files opened to see what the images are like


@dataclasses.dataclass(frozen=True)
class Layout:
    """How the images of a table become the channels of the screen.

    Attributes:
        channels: Channel names of the screen: protein, marker, then any others.
        marker_channel: Index of the marker in them, -1 without one.
        separate: One file a channel, instead of one file with all of them.
        file_channels: Channel names in the order of the files; () when every file
            names its own.
        crop: 'center' cuts 64x64 from the middle of a larger image; None refuses it.
    """

    channels: tuple[str, ...]
    marker_channel: int
    separate: bool
    file_channels: tuple[str, ...]
    crop: str | None


def parse_roles(channels: str | Mapping[str, str] | None) -> dict[str, str]:
    """{'protein': 'GFP', 'marker': 'RFP'}, also from 'protein=GFP,marker=RFP'."""
    if not isinstance(channels, str):
        return dict(channels or {})
    roles: dict[str, str] = {}
    for part in parse_names(channels):
        role, _, name = (word.strip() for word in part.partition('='))
        if not (role and name) or role in roles:
            raise ValueError(
                f'channels is {channels!r}; write it like "protein=GFP,marker=RFP".'
            )
        roles[role] = name
    return roles


def parse_names(names: str | Sequence[str] | None) -> list[str]:
    """A list of names, also from text as `split_names` reads it."""
    if isinstance(names, str):
        return split_names(names)
    return [name.strip() for name in names or () if name.strip()]


def make_layout(
    table: CellTable,
    roles: Mapping[str, str],
    file_channels: Sequence[str] = (),
    crop: str | None = None,
) -> Layout:
    """The layout of a table's images, from what was said and what the files say.

    Args:
        table: From `read_table`.
        roles: Channel name by role: `protein`, perhaps `marker` and others.
        file_channels: As `Layout` has it, as far as it was said.
        crop: As `Layout` has it.

    Raises:
        ValueError: Something was not said, or does not fit the rest.
    """
    if crop not in (None, 'center'):
        raise ValueError(f"crop is {crop!r}; it is 'center' or left out.")
    names = _order_channels(table, roles)
    separate = bool(table.image_channels)
    if not separate and not file_channels:
        file_channels = _unnamed_channels(table, names)
    absent = [name for name in names if file_channels and name not in file_channels]
    if absent:
        raise ValueError(
            f'channel_names ({", ".join(file_channels)}) has no {absent[0]!r}, which '
            'channels asks for.'
        )
    marker_channel = 1 if 'marker' in roles else -1
    return Layout(tuple(names), marker_channel, separate, tuple(file_channels), crop)


def _order_channels(table: CellTable, roles: Mapping[str, str]) -> list[str]:
    others = [name for role, name in roles.items() if role not in ('protein', 'marker')]
    names = [roles[role] for role in ('protein', 'marker') if role in roles] + others
    if 'protein' not in roles or len(set(names)) < len(names):
        stated = ', '.join(f'{role}={name}' for role, name in roles.items())
        raise ValueError(
            'Say by name which channel is which, each channel once and protein among '
            'them: channels="protein=GFP,marker=RFP", or "protein=GFP" without a '
            f'marker. Stated: {stated or "nothing"}. Found: {_find_channels(table)}.'
        )
    return names


def _unnamed_channels(table: CellTable, names: Sequence[str]) -> Sequence[str]:
    """File channels where nobody named them: () if the files do, or the only one."""
    file = _first_image(table)
    if file is None or file.channel_names:
        return ()
    if len(names) > 1:
        raise ValueError(
            'The images do not name their channels; give the names in the order in '
            'which they lie in the file, channel_names="<first>,<second>". '
            f'Found: {_find_channels(table)}.'
        )
    return names


def _find_channels(table: CellTable) -> str:
    """What table and images say about their channels, for an error."""
    if table.image_channels:
        return f'one file a channel, {show_names(table.image_channels)}'
    file = _first_image(table)
    if file is None:
        return f'no readable image in the first {_TRIED} rows of {table.path}'
    fault = f' ({file.fault})' if file.fault else ''
    named = ', '.join(file.channel_names) or f'no channel names{fault}'
    return f'images of shape {file.shape} with {named}'


def _first_image(table: CellTable) -> ImageFile | None:
    """The first file that opens, closed again; only its description is of use."""
    for _, values in table.rows[:_TRIED]:
        with make_reader() as reader:
            try:
                return reader.open(find_image(table.path.parent, values['image']))
            except (ImageError, OSError):
                continue
    return None
