"""Many fields are simulated at once, on several processors and in bounded memory."""

from __future__ import annotations

import collections
import concurrent.futures
import itertools
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from deeploc_jax.simulate.field_spec import FieldSpec

SMALL = 30e6  # pixels that are made before other processes would have started
Made = TypeVar('Made')


def simulate_many(
    make: Callable[[FieldSpec], Made],
    specs: Sequence[FieldSpec],
    processes: int | None = None,
) -> Iterator[Made]:
    """Applies a function to the specs of many fields.

    Args:
        make: `simulate_field`, `simulate_crops`, or a function at the top level of a
            module that calls them.
        specs: Specs of the fields.
        processes: Number of processes; by default one for every processor this process
            may use, and a single one when there is little to do. The results do not
            depend on it.

    Yields:
        The result for each spec, in their order.
    """
    if processes is None:
        alone = _pixels(specs) <= SMALL or not _main_can_be_imported()
        processes = 1 if alone else available_processors()
    done = 0
    if processes > 1:
        try:
            for made in _in_parallel(make, specs, processes):
                yield made
                done += 1
        except BrokenProcessPool:
            warnings.warn(_BROKEN, RuntimeWarning, stacklevel=2)
    for spec in specs[done:]:
        yield make(spec)


_BROKEN = (
    'The simulation goes on in one process: the others could not start or were killed. '
    'In a script of your own, put the call under `if __name__ == "__main__":`.'
)


def available_processors() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pixels(specs: Sequence[FieldSpec]) -> int:
    shapes = (spec.plate.instrument.field_shape for spec in specs)
    return sum(rows * columns for rows, columns in shapes)


def _main_can_be_imported() -> bool:
    """Whether a fresh process could start: it imports the main script, if any."""
    main = getattr(sys.modules['__main__'], '__file__', None)
    return main is None or os.path.exists(main)  # not so for `python < script`


def _in_parallel(
    make: Callable[[FieldSpec], Made], specs: Sequence[FieldSpec], processes: int
) -> Iterator[Made]:
    """Yields results in order, with no more than a few made in advance."""
    # Fresh processes: a fork of one that runs JAX can hang.
    context = multiprocessing.get_context('spawn')
    executor = concurrent.futures.ProcessPoolExecutor(processes, context)
    tasks = (executor.submit(make, spec) for spec in specs)
    try:
        waiting = collections.deque(itertools.islice(tasks, 4 * processes))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(itertools.islice(tasks, 1))
    finally:
        executor.shutdown(cancel_futures=True)
