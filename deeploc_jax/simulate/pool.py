"""Many simulated cells at once, on several processors and in bounded memory."""

from __future__ import annotations

import collections
import concurrent.futures
import itertools
import multiprocessing
import os
from collections.abc import Iterator, Sequence

import numpy as np

from deeploc_jax.simulate.plate import CellSpec
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
        processes = 1 if len(specs) <= SMALL else available_processors()
    chunks = (specs[i : i + CHUNK] for i in range(0, len(specs), CHUNK))
    if processes == 1:
        batches = (_simulate_chunk(chunk, seed) for chunk in chunks)
    else:
        batches = _in_parallel(chunks, seed, processes)
    for images in batches:
        yield from images


def available_processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _simulate_chunk(specs: Sequence[CellSpec], seed: int) -> np.ndarray:
    return np.stack([simulate_cell(spec, seed) for spec in specs])


def _in_parallel(chunks: Iterator, seed: int, processes: int) -> Iterator[np.ndarray]:
    """Chunks in order, with no more than a few made ahead of the one wanted."""
    # Fresh processes: a fork of one that runs JAX can hang.
    context = multiprocessing.get_context('spawn')
    with concurrent.futures.ProcessPoolExecutor(processes, context) as executor:
        waiting = collections.deque(
            executor.submit(_simulate_chunk, chunk, seed)
            for chunk in itertools.islice(chunks, 2 * processes)
        )
        while waiting:
            yield waiting.popleft().result()
            for chunk in itertools.islice(chunks, 1):
                waiting.append(executor.submit(_simulate_chunk, chunk, seed))
