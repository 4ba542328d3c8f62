"""Which channel of a screen takes the place of each channel of a network."""

from __future__ import annotations

from collections.abc import Sequence

from deeploc_jax.weights.card import Card


def channels_by_role(card: Card, channels: Sequence[str], marker: int) -> list[str]:
    """The target's channels in the order of the source's: protein, marker, others.

    Where one of them has no marker, another channel takes the place of the marker.

    Args:
        card: Card of the source network.
        channels: Channels of the target screen, protein first.
        marker: Index of the marker among them; -1 for none.

    Returns:
        As many names as the network takes, or all of them where there are fewer.
    """
    others = [name for index, name in enumerate(channels) if index != marker]
    marked = [channels[marker]] if marker >= 0 else []
    place = card.marker_channel if card.marker_channel >= 0 else len(others)
    return [*others[:place], *marked, *others[place:]][: len(card.channels)]
