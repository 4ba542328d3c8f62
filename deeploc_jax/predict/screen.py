"""Fits a network to the channels of a screen, and says how."""

from __future__ import annotations

from collections.abc import Sequence

from deeploc_jax.data.screen_info import ScreenInfo
from deeploc_jax.devices import is_main
from deeploc_jax.weights.channels import match_channels
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.folder import TrainedNetwork


def fit_to_screen(
    network: TrainedNetwork,
    stored: ScreenInfo,
    asked: Sequence[str] = (),
    *,
    more: bool = False,
) -> tuple[TrainedNetwork, ScreenInfo]:
    """The network for the channels of a screen, and the screen as it is then read.

    Prints which channel is taken for which, and what the network does without.

    Args:
        network: The network.
        stored: The screen with all its channels.
        asked: Names of channels, as in `match_channels`; () to match them by role.
        more: Whether there may be more of them than the network takes.

    Raises:
        ValueError: The channels that are asked for do not fit the network.
    """
    match = match_channels(
        network.card, stored.channels, stored.marker, asked, more=more
    )
    if is_main():
        print(match.describe(network.card))
    return fit_channels(network, match), stored.with_channels(match.read)
