"""Says which channel of a screen goes where in the input of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deeploc_jax.names import show_names


def network_channels(
    channels: Sequence[str],
    roles: Mapping[str, str],
    wanted: Sequence[str],
    marker: int,
    asked: Sequence[str] = (),
) -> tuple[str, ...]:
    """The channels of a screen in the order in which a network takes them.

    Args:
        channels: Channels of the screen, protein first.
        roles: Channel name by role: protein, marker.
        wanted: Channels of the network by their names in its training.
        marker: Index of the marker among them, -1 when there is none.
        asked: Channels of the screen as the user asks for them; () to go by the roles.

    Raises:
        ValueError: A channel or a role is missing, or the numbers differ.
    """
    if asked:
        if absent := [name for name in asked if name not in channels]:
            raise ValueError(
                f'network_channels names {absent[0]!r}, but the screen has '
                f'{show_names(channels)}.'
            )
    elif marker >= 0 and 'marker' not in roles:
        raise ValueError(
            f'The network takes a marker ({wanted[marker]}), but no channel of the '
            'screen has this role: --config.channels=protein=<name>,marker=<name>.'
        )
    else:
        asked = _by_role(channels, roles, len(wanted), marker)
    if len(asked) != len(wanted):
        raise ValueError(
            'The channels of the screen do not fit the network:\n'
            f'  screen:  {len(asked)} ({", ".join(asked)})\n'
            f'  network: {len(wanted)} ({", ".join(wanted)})\n'
            'Name those to use, in the order of the network: '
            '--config.network_channels=...'
        )
    return tuple(asked)


def _by_role(
    channels: Sequence[str], roles: Mapping[str, str], count: int, marker: int
) -> list[str]:
    """The protein, then the marker in its place among the others."""
    marked = [roles['marker']] if marker >= 0 else []
    others = [name for name in channels if name not in marked]
    return [*others[: max(marker, 0)], *marked, *others[max(marker, 0) :]][:count]
