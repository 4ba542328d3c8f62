"""Shows progress with the estimated time left, on standard error."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any

import tqdm


class _Lines(io.TextIOBase):
    """Standard error, where each state of a bar is a line of its own."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text.replace('\r', '\n'))

    def flush(self) -> None:
        sys.stderr.flush()


def progress_bar(
    iterable: Iterable[Any] | None = None,
    total: int | None = None,
    description: str = '',
    *,
    initial: int = 0,
    unit: str = 'it',
) -> tqdm.tqdm:
    """Wraps an iterable in a progress line with rate and estimated time left.

    The line is redrawn in place on a terminal; in a log file there is a line every ten
    seconds.

    Args:
        iterable: Items to go through; None for a bar that is moved with `update`.
        total: Number of items, where `iterable` has no length.
        description: Words before the bar.
        initial: Number of items done before this call (a resumed run).
        unit: Name of one item.
    """
    terminal = sys.stderr.isatty()
    out = sys.stderr if terminal else _Lines()
    return tqdm.tqdm(
        iterable,
        total=total,
        desc=description,
        initial=initial,
        unit=unit,
        mininterval=0.5 if terminal else 10.0,
        maxinterval=10.0,
        dynamic_ncols=terminal,
        file=out,
    )
