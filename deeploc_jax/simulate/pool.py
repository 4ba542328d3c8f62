"""Many simulated cells at once, on several processors and in bounded memory."""

from __future__ import annotations

import collections
import concurrent.futures
import itertools
import multiprocessing
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from deeploc_jax.simulate.layout import CellSpec
from deeploc_jax.simulate.render import simulate_cell

CHUNK = 200  # cells: 3 MB of pixels a task
SMALL = 1000  # cells that are made sooner than other processes have started


def simulate_cells(
    specs: Sequence[CellSpec], seed: int, processes: int | None = None
) -> Iterator[np.ndarray]:
    """Images of cells, in the order of their specs.

    Args:
        specs: which cells.
        seed: the screen's seed.
        processes: how many to use; by default every processor this process may use, and
            one when there are few cells. The images do not depend on it.

    Yields:
        uint16 [64, 64, 2], one a spec.
    """
    if processes is None:
        alone = len(specs) <= SMALL or not _main_can_be_imported()
        processes = 1 if alone else available_processors()
    chunks = [specs[i : i + CHUNK] for i in range(0, len(specs), CHUNK)]
    done = 0
    if processes > 1:
        try:
            for images in _in_parallel(chunks, seed, processes):
                yield from images
                done += 1
        except BrokenProcessPool:
            warnings.warn(_BROKEN, RuntimeWarning, stacklevel=2)
    for chunk in chunks[done:]:
        yield from _simulate_chunk(chunk, seed)


_BROKEN = (
    'The simulation goes on in one process: the others could not start or were killed. '
    'In a script of your own, put the call under `if __name__ == "__main__":`.'
)


def available_processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _main_can_be_imported() -> bool:
    """Whether a fresh process could start: it imports the main script, if any."""
    main = getattr(sys.modules['__main__'], '__file__', None)
    return main is None or os.path.exists(main)  # not so for `python < script`


def _simulate_chunk(specs: Sequence[CellSpec], seed: int) -> np.ndarray:
    return np.stack([simulate_cell(spec, seed) for spec in specs])


def _in_parallel(
    chunks: Sequence[Sequence[CellSpec]], seed: int, processes: int
) -> Iterator[np.ndarray]:
    """Chunks in order, with no more than a few made ahead of the one wanted."""
    # Fresh processes: a fork of one that runs JAX can hang.
    context = multiprocessing.get_context('spawn')
    executor = concurrent.futures.ProcessPoolExecutor(processes, context)
    tasks = (executor.submit(_simulate_chunk, chunk, seed) for chunk in chunks)
    try:
        waiting = collections.deque(itertools.islice(tasks, 2 * processes))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(itertools.islice(tasks, 1))
    finally:
        executor.shutdown(cancel_futures=True)
