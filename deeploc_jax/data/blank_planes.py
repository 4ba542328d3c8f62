"""Counts blank planes: a channel that was not recorded, or never written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from absl import logging


class BlankPlanes:
    """Counts, channel by channel, the cells whose pixels are all equal.

    Args:
        channels: Channel names, in the order of the planes.
    """

    def __init__(self, channels: Sequence[str]):
        self.channels = channels
        self.blank = np.zeros(len(channels), int)
        self.cells = 0

    def add(self, planes: np.ndarray) -> None:
        """Counts cells, [n, channels, ...pixels]."""
        pixels = planes.reshape(*planes.shape[:2], -1)
        self.blank += (pixels == pixels[:, :, :1]).all(axis=2).sum(axis=0)
        self.cells += len(planes)

    def __add__(self, other: BlankPlanes) -> BlankPlanes:
        total = BlankPlanes(self.channels)
        total.blank, total.cells = self.blank + other.blank, self.cells + other.cells
        return total

    def describe(self, where: str = '') -> dict[str, str]:
        """What to warn of: the channels that are blank in more than half of the cells.

        Fewer blank planes are only logged.

        Args:
            where: Begins each message.
        """
        messages = {}
        for name, count in zip(self.channels, self.blank, strict=True):
            message = (
                f'{where}the channel {name} is blank (all pixels are equal) in {count} '
                f'of {self.cells} cells.'
            )
            if 2 * count > self.cells:
                messages[name] = message
            elif count:
                logging.info('%s', message)
        return messages
