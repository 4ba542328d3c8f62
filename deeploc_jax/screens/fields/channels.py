"""Which channels a screen uses, and what its files call them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from deeploc_jax.data.own.channel_layout import (
    order_channels,
    parse_names,
    parse_roles,
)
from deeploc_jax.names import show_names


@dataclasses.dataclass(frozen=True)
class Channels:
    """The channels of a screen, stated by name.

    Attributes:
        roles: Channel name by role: {'protein': 'GFP', 'marker': 'RFP'}.
        file_order: Names of all channels of a file in its order, () when not stated.
        names: Name of a channel by what the file names call it: {'1': 'GFP'}.
    """

    roles: dict[str, str]
    file_order: tuple[str, ...] = ()
    names: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the channels that have a role: protein, marker, then any others."""
        return tuple(order_channels(self.roles, lambda: 'not looked for'))

    def number(self, name: str) -> int | None:
        """Number of a channel in files that hold all, None when not stated."""
        return self.file_order.index(name) if self.file_order else None

    def name(self, value: str) -> str:
        """Name of the channel that a file name calls `value`."""
        return self.names.get(value, value)

    def missing_in(self, found: Iterable[str]) -> list[str]:
        """The used channels that are not among those found."""
        found = set(found)
        return [name for name in self.used if name not in found]


def read_channels(channels: str | None, channel_names: str | None) -> Channels:
    """Reads the channels of a screen from options.

    Args:
        channels: Roles by name: 'protein=GFP,marker=RFP'.
        channel_names: Names in the order of files with all channels, 'RFP,GFP', or
            names by what file names call them, 'ch1=GFP,ch2=RFP'; None where files
            and file names use the names themselves.

    Raises:
        ValueError: They are not of this form, there is no protein, or a name with a
            role is not among the names.
    """
    roles, stated = parse_roles(channels), parse_names(channel_names)
    if stated and all('=' in name for name in stated):
        pairs = [name.partition('=') for name in stated]
        result = Channels(roles, (), {a.strip(): b.strip() for a, _, b in pairs})
        known = list(result.names.values())
    else:
        result, known = Channels(roles, tuple(stated)), stated
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise ValueError(
            f'channel_names ({channel_names}) names {twice[0]!r} more than once.'
        )
    if absent := [name for name in result.used if known and name not in known]:
        raise ValueError(
            f'channel_names ({show_names(known)}) lacks {absent[0]!r}, which is in '
            'channels.'
        )
    return result
