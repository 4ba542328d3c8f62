"""Counts blank planes: channels that were not recorded, or never written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from absl import logging


class BlankPlanes:
    """Counts, for each channel, the cells whose pixels are all equal.

    Args:
        channels: Channel names, in the order of the planes.
    """

    def __init__(self, channels: Sequence[str]):
        self.channels = channels
        self.blank = np.zeros(len(channels), int)
        self.cells = 0

    def add(self, planes: np.ndarray) -> None:
        """Counts more cells, given as planes [n, channels, ...pixels]."""
        pixels = planes.reshape(*planes.shape[:2], -1)
        self.blank += (pixels == pixels[:, :, :1]).all(axis=2).sum(axis=0)
        self.cells += len(planes)

    def __add__(self, other: BlankPlanes) -> BlankPlanes:
        total = BlankPlanes(self.channels)
        total.blank, total.cells = self.blank + other.blank, self.cells + other.cells
        return total

    def describe(self, where: str = '') -> dict[str, str]:
        """Describes the channels that are blank in more than half of the cells.

        Fewer blank planes are only logged.

        Args:
            where: Words at the start of each sentence.

        Returns:
            A sentence to warn of for each such channel, by its name.
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
