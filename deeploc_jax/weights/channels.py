"""Matches the channels of a screen to those of a network, by what they show.

A screen may lack the marker that a network was trained with, or have more channels than
it takes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from deeploc_jax.lookup import check_name
from deeploc_jax.names import show_names
from deeploc_jax.weights.card import Card

LACKING = '-'
"""Stands for a channel that a screen does not have, where channels are asked for."""


@dataclasses.dataclass(frozen=True)
class ChannelMatch:
    """Which channel of a screen goes where in the input of a network.

    Attributes:
        network: Channels of the network, by their names in its training.
        screen: The channel of the screen for each of them; `LACKING` for none.
        more: Further channels of the screen, which the network did not know.
    """

    network: tuple[str, ...]
    screen: tuple[str, ...]
    more: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[str, ...]:
        """The channels of the screen that are read, in order."""
        return (*(name for name in self.screen if name != LACKING), *self.more)

    @property
    def lacking(self) -> tuple[str, ...]:
        """The channels of the network that the screen lacks."""
        pairs = zip(self.network, self.screen, strict=True)
        return tuple(theirs for theirs, ours in pairs if ours == LACKING)

    def describe(self, card: Card) -> str:
        """The pairs in words, and what the network does without a channel."""
        pairs = zip(self.network, self.screen, strict=True)
        words = [f'{theirs} = {ours}' for theirs, ours in pairs]
        text = 'Channels (network = screen): ' + show_names([*words])
        if self.more:
            text += f'; learned anew: {show_names(self.more)}'
        if not self.lacking:
            return text
        scores = card.validation
        alone, usual = (scores.get(f'validation/{n}') for n in (ALONE, 'accuracy'))
        if alone is None:
            known = 'it was never trained for that: expect many more wrong names.'
        else:
            known = (
                f'{alone:.2f} of its validation cells were right by the protein alone'
            )
            known += f', {usual:.2f} with all channels.' if usual is not None else '.'
        return f'{text}\nThe network works without {show_names(self.lacking)}; {known}'


ALONE = 'accuracy_protein_alone'
"""Name on a card of the accuracy by the first channel, all others being 0."""


def match_channels(
    card: Card,
    channels: Sequence[str],
    marker: str | None,
    asked: Sequence[str] = (),
    *,
    more: bool = False,
) -> ChannelMatch:
    """Matches the channels of a screen to those of a network, by what they show.

    A screen that has all channels of the network by name, in the same roles, gives
    these. Else the protein goes to the first channel and the marker to the marker;
    others go to those of the same name, then to what is left, in order.

    Args:
        card: Card of the network.
        channels: Channels of the screen, the protein first but for the marker.
        marker: The one that is the marker, None where there is none.
        asked: Channels of the screen in the order of the network, as the user asks for
            them, `LACKING` for one that it is to do without; () to go by the roles.
        more: Whether there may be more of them than the network takes.

    Raises:
        ValueError: The screen has no such channel, or their number differs; both sides
            are listed.
    """
    if not asked:
        return ChannelMatch(card.channels, _by_role(card, channels, marker))
    for name in asked:
        if name not in (*channels, LACKING):
            raise ValueError(
                f'The channels that are asked for have {name!r}, but the screen has '
                f'{show_names(channels)}.'
            )
    count = len(card.channels)
    match = ChannelMatch(card.channels, tuple(asked[:count]), tuple(asked[count:]))
    read = match.read
    too_many = match.more and not more
    if len(asked) < count or too_many or LACKING in match.more or not read:
        raise ValueError(
            'The channels that are asked for do not fit the network:\n'
            f'  screen:  {len(asked)} ({", ".join(asked)})\n'
            f'  network: {count} ({", ".join(card.channels)})\n'
            f'Name those to use in the order of the network, {LACKING} for one that '
            'the screen lacks.'
        )
    if len({*read}) < len(read):
        raise ValueError(f'A channel is asked for twice: {", ".join(asked)}.')
    return match


def match_without(card: Card, lacking: Sequence[str]) -> ChannelMatch:
    """The channels of a network itself, without some of them.

    Raises:
        ValueError: It has no such channel, or none is left.
    """
    for name in lacking:
        check_name('channel', name, card.channels)
    left = tuple(LACKING if name in lacking else name for name in card.channels)
    if {*left} == {LACKING}:
        raise ValueError(f'No channel is left of {show_names(card.channels)}.')
    return ChannelMatch(card.channels, left)


def _by_role(
    card: Card, channels: Sequence[str], marker: str | None
) -> tuple[str, ...]:
    """The channel of the screen for each one of the network."""
    place = card.marker_channel
    own = card.channels[place] if place >= 0 else None
    same_roles = not own or (own == marker if marker else own != channels[0])
    if same_roles and {*card.channels} <= {*channels}:
        return card.channels
    found = dict.fromkeys(range(len(card.channels)), LACKING)
    others = [name for name in channels if name != marker]
    if marker and place >= 0:
        found[place] = marker
    elif marker:
        others.append(marker)
    free = [i for i in found if i != place]
    if free and others:
        found[free.pop(0)] = others.pop(0)
    for i in [i for i in free if card.channels[i] in others]:
        free.remove(i)
        found[i] = card.channels[i]
        others.remove(card.channels[i])
    found |= dict(zip(free, others, strict=False))
    return tuple(found.values())
