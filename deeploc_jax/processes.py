"""Work is shared out among several processes, in order and in bounded memory."""

from __future__ import annotations

import collections
import concurrent.futures
import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar('Item')
Made = TypeVar('Made')

_AHEAD = 4  # results a process that may wait to be taken
_BROKEN = (
    'Work goes on in one process: the others could not start or were killed. In a '
    'script of your own, put the call under `if __name__ == "__main__":`.'
)


def map_in_processes(
    function: Callable[[Item], Made], items: Iterable[Item], processes: int
) -> Iterator[Made]:
    """Applies a function to items, as `map` does, in fresh processes.

    Where no process can start, or one is killed, the work goes on in this one, with a
    warning. No more than a few results are made ahead of the one that is taken.

    Args:
        function: A function at the top level of a module, or a `functools.partial` of
            one, whose arguments and results can be pickled.
        items: The items, which are read as they are needed.
        processes: Number of processes; 1 for none but this one.

    Yields:
        The result for each item, in their order.
    """
    items = iter(items)
    waiting: collections.deque[Item] = collections.deque()
    if processes > 1 and _main_can_be_imported():
        try:
            yield from _in_processes(function, items, processes, waiting)
        except BrokenProcessPool:
            warnings.warn(_BROKEN, RuntimeWarning, stacklevel=2)
    while waiting:
        yield function(waiting.popleft())
    yield from map(function, items)


def available_processors() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_processes(
    function: Callable[[Item], Made],
    items: Iterator[Item],
    processes: int,
    waiting: collections.deque[Item],
) -> Iterator[Made]:
    """Yields results; items that have none yet are `waiting`."""
    # Fresh processes: a fork of one that runs JAX can hang.
    context = multiprocessing.get_context('spawn')
    executor = concurrent.futures.ProcessPoolExecutor(
        processes, context, initializer=end_with_parent
    )
    futures: collections.deque[concurrent.futures.Future[Made]] = collections.deque()
    try:
        for item in items:
            waiting.append(item)
            futures.append(executor.submit(function, item))
            if len(futures) == _AHEAD * processes:
                yield _first(futures, waiting)
        while futures:
            yield _first(futures, waiting)
    finally:
        executor.shutdown(cancel_futures=True)


def end_with_parent() -> None:
    """Ends this process when the one that started it is killed, and cannot do so."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, name='end-with-parent', daemon=True).start()


def _first(
    futures: collections.deque[concurrent.futures.Future[Made]],
    waiting: collections.deque[Item],
) -> Made:
    made = futures.popleft().result()
    waiting.popleft()
    return made


def _main_can_be_imported() -> bool:
    """Whether a fresh process could start: it imports the main script, if any."""
    main = getattr(sys.modules['__main__'], '__file__', None)
    return main is None or os.path.exists(main)  # not so for `python < script`
