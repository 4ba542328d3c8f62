"""A profile shows where the time of a training step goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import jax

T = TypeVar('T')


def profiled(batches: Iterable[T], folder: Path, *, after: int = 2) -> Iterator[T]:
    """Yields the same batches and traces what is done with one of them.

    `perfetto_trace.json.gz` opens at https://ui.perfetto.dev, which keeps it on your
    machine; TensorBoard's profile plugin opens the folder.

    Args:
        batches: Batches of a training.
        folder: Folder for the trace.
        after: Number of batches before the one that is traced; the first step compiles.
    """
    index, tracing = 0, False
    try:
        for index, batch in enumerate(batches):
            if index == after:
                jax.profiler.start_trace(folder, create_perfetto_trace=True)
                tracing = True
            # The loop keeps one step in flight: it ends when the next batch is taken.
            if index == after + 2:
                tracing = _stop(folder)
            yield batch
    finally:
        if tracing:
            _stop(folder)
        elif index < after:
            print(f'No profile was made: that takes more than {after} steps.')


def _stop(folder: Path) -> bool:
    jax.profiler.stop_trace()
    print(f'Profile: {folder}')
    return False
