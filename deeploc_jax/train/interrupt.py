"""Ctrl-C and SIGTERM request that training stops between two steps."""

from __future__ import annotations

import signal
import types
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils


class Interrupted(Exception):
    """Training was asked to stop and has saved its state."""


class StopRequest:
    """A context in which the first SIGINT or SIGTERM only sets `requested`.

    A second signal interrupts at once.
    """

    def __init__(self) -> None:
        self.requested = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *unused: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def agreed(self, time_to_ask: bool) -> bool:
        """Whether to stop now; the result is the same on every host.

        Args:
            time_to_ask: Whether to ask the other hosts, which costs a round trip. It
                must be True at the same steps on every host.
        """
        if jax.process_count() == 1:
            return self.requested
        if not time_to_ask:
            return False
        return bool(multihost_utils.process_allgather(np.array(self.requested)).any())

    def _handle(self, number: int, frame: types.FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
