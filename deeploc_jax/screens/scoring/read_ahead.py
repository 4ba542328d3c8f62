"""A thread makes things ahead, while the caller works on those made before."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

Item = TypeVar('Item')
_END = object()


def read_ahead(items: Iterator[Item], size: int) -> Generator[Item]:
    """Yields items that a thread takes from an iterator, in their order.

    Args:
        items: The items; an error while one is made is raised here.
        size: Number of items that may wait to be taken, at least 1.
    """
    waiting: queue.Queue[Any] = queue.Queue(size)
    stop = threading.Event()

    def offer(item: Any) -> None:
        while not stop.is_set():
            try:
                return waiting.put(item, timeout=0.1)
            except queue.Full:
                continue

    def make() -> None:
        try:
            for item in items:
                offer((item, None))
                if stop.is_set():
                    break
            else:
                offer((_END, None))
        except BaseException as error:
            offer((_END, error))
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = threading.Thread(target=make, name='read-ahead', daemon=True)
    thread.start()
    try:
        while (found := waiting.get())[0] is not _END:
            yield found[0]
        if found[1] is not None:
            raise found[1]
    finally:
        stop.set()
        thread.join()
