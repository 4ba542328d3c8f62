"""Which channel of a screen takes the place of each channel of a network."""

from __future__ import annotations

from collections.abc import Sequence

from deeploc_jax.weights.card import Card


def channels_by_role(card: Card, channels: Sequence[str], marker: int) -> list[str]:
    """The target's channels in the order of the source's: protein, marker, others.

    Where the target has no marker, another channel takes its place.

    Args:
        card: Card of the source network.
        channels: Channels of the target screen, protein first.
        marker: Index of the marker among them; -1 for none.

    Raises:
        ValueError: The target has fewer channels than the network takes.
    """
    if len(channels) < len(card.channels):
        raise ValueError(
            f'The network takes {len(card.channels)} channels '
            f'({", ".join(card.channels)}), the screen has {", ".join(channels)}.'
        )
    rest = [c for i, c in enumerate(channels) if i not in (0, marker)]
    chosen = []
    for index in range(len(card.channels)):
        if index == 0:
            chosen.append(channels[0])
        elif index == card.marker_channel and marker >= 0:
            chosen.append(channels[marker])
        else:
            chosen.append(rest.pop(0) if rest else channels[marker])
    return chosen
