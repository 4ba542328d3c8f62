"""Decides which channel of a user's images becomes which channel of the screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from deeploc_jax.data.own.cell_files import find_image
from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.data.own.image_formats import make_reader
from deeploc_jax.images import ImageError, ImageFile
from deeploc_jax.names import show_names, split_names

_TRIED = 20  # files that are tried to find the channels of the images


@dataclasses.dataclass(frozen=True)
class Layout:
    """Relation between the images of a table and the channels of the screen.

    Attributes:
        channels: Channel names of the screen: protein, marker, then any others.
        marker_channel: Index of the marker among them, -1 without a marker.
        separate: Whether each channel has a file of its own.
        file_channels: Channel names in the order of the files; () when every file
            names its own.
        crop: 'center' cuts 64x64 pixels from the middle of a larger image; None
            refuses such an image.
    """

    channels: tuple[str, ...]
    marker_channel: int
    separate: bool
    file_channels: tuple[str, ...]
    crop: str | None


def parse_roles(channels: str | Mapping[str, str] | None) -> dict[str, str]:
    """Reads the channel of each role: {'protein': 'GFP', 'marker': 'RFP'}.

    Args:
        channels: Such a mapping, or text, 'protein=GFP,marker=RFP'; None is empty.

    Raises:
        ValueError: The text is not of this form.
    """
    if not isinstance(channels, str):
        return dict(channels or {})
    roles: dict[str, str] = {}
    for part in parse_names(channels):
        role, _, name = (word.strip() for word in part.partition('='))
        if not (role and name) or role in roles:
            raise ValueError(
                f'channels ({channels!r}) must be like "protein=GFP,marker=RFP".'
            )
        roles[role] = name
    return roles


def parse_names(names: str | Sequence[str] | None) -> list[str]:
    """Reads a list of names, or text with commas between them (see `split_names`)."""
    if isinstance(names, str):
        return split_names(names)
    return [name.strip() for name in names or () if name.strip()]


def make_layout(
    table: CellTable,
    roles: Mapping[str, str],
    file_channels: Sequence[str] = (),
    crop: str | None = None,
) -> Layout:
    """Finds the layout of a table's images from the arguments and the files.

    Args:
        table: Table from `read_table`.
        roles: Channel name by role: `protein`, perhaps `marker` and others.
        file_channels: Channel names in file order; () when they are not stated.
        crop: See `Layout`.

    Raises:
        ValueError: A name is missing, or does not fit the others.
    """
    if crop not in (None, 'center'):
        raise ValueError(f"crop ({crop!r}) must be 'center' or left out.")
    names = order_channels(roles, lambda: _list_channels(table))
    separate = bool(table.image_channels)
    if not separate and not file_channels:
        file_channels = _unnamed_channels(table, names)
    absent = [name for name in names if file_channels and name not in file_channels]
    if absent:
        raise ValueError(
            f'channel_names ({", ".join(file_channels)}) lacks {absent[0]!r}, which is '
            'in channels.'
        )
    marker_channel = 1 if 'marker' in roles else -1
    return Layout(tuple(names), marker_channel, separate, tuple(file_channels), crop)


def order_channels(roles: Mapping[str, str], found: Callable[[], str]) -> list[str]:
    """Channel names in the order of a screen: protein, marker, then any others.

    Args:
        roles: Channel name by role.
        found: Function that describes the channels found, for the error.

    Raises:
        ValueError: There is no protein, or a channel has two roles.
    """
    others = [name for role, name in roles.items() if role not in ('protein', 'marker')]
    names = [roles[role] for role in ('protein', 'marker') if role in roles] + others
    if 'protein' not in roles or len(set(names)) < len(names):
        stated = ', '.join(f'{role}={name}' for role, name in roles.items())
        raise ValueError(
            'State by name which channel is which, each channel once and the protein '
            'among them: channels="protein=GFP,marker=RFP", or "protein=GFP" without '
            f'a marker. Stated: {stated or "nothing"}. Found: {found()}.'
        )
    return names


def _unnamed_channels(table: CellTable, names: Sequence[str]) -> Sequence[str]:
    """File channels that are not stated: () if the files name them, or the only one."""
    file = _first_image(table)
    if file is None or file.channel_names:
        return ()
    if len(names) > 1:
        raise ValueError(
            'The images do not name their channels; give the names in the order of '
            'the file: channel_names="<first>,<second>". '
            f'Found: {_list_channels(table)}.'
        )
    return names


def _list_channels(table: CellTable) -> str:
    """Describes the channels of table and images, for an error."""
    if table.image_channels:
        return f'a file for each channel, {show_names(table.image_channels)}'
    file = _first_image(table)
    if file is None:
        return f'no readable image in the first {_TRIED} rows of {table.path}'
    fault = f' ({file.fault})' if file.fault else ''
    named = ', '.join(file.channel_names) or f'no channel names{fault}'
    return f'images of shape {file.shape} with {named}'


def _first_image(table: CellTable) -> ImageFile | None:
    """The first file that can be opened, closed again; only its attributes are used."""
    for _, values in table.rows[:_TRIED]:
        with make_reader() as reader:
            try:
                return reader.open(find_image(table.path.parent, values['image']))
            except (ImageError, OSError):
                continue
    return None
