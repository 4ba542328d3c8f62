"""Locks a workdir, so that only one run at a time works in it.

The lock is a file that only one process can create. It names that process, which
renews the file's time every few seconds. On the same machine and in the same container
the process is looked up. From elsewhere the file is watched: the clocks of two hosts
may differ, but a time that changes belongs to a live run. Neither hard links nor flock
are needed, which some network shares lack.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jax.experimental import multihost_utils

from deeploc_jax.devices import is_main
from deeploc_jax.workdir.owner import is_alive, named, own_words, parsed

LOCK = '.run.lock'
BEAT = 10.0
"""Seconds between two renewals."""
PATIENCE = 180.0  # shares may show the time of a file a minute late
"""Seconds without a renewal after which a run on another host counts as dead."""


class WorkdirInUse(RuntimeError):
    """Another run is under way in the workdir."""


class Reading(NamedTuple):
    """Text of a lock, and when it was renewed, in ns by the clock of its disk."""

    text: str
    renewed: int


@contextlib.contextmanager
def hold(workdir: Path) -> Iterator[None]:
    """A context in which no other run can work in the workdir.

    With several hosts, the first one holds it. A workdir that was created for this and
    is still empty in the end is removed.

    Raises:
        WorkdirInUse: A run is under way there; the message names it.
        OSError: The workdir cannot be written.
    """
    path, mine, error = workdir / LOCK, own_words(), None
    made = not workdir.exists()
    if is_main():
        try:
            workdir.mkdir(parents=True, exist_ok=True)
            _take(path, mine)
        except (WorkdirInUse, OSError) as found:
            error = found
    held = multihost_utils.broadcast_one_to_all(np.array(error is None))
    if not held:
        raise error or WorkdirInUse(f'{workdir}: see the message of the first process.')
    stop = threading.Event()
    thread = threading.Thread(target=_renew, args=(path, mine, stop), daemon=True)
    if is_main():
        thread.start()
    try:
        yield
    finally:
        if is_main():
            stop.set()
            thread.join()
            with contextlib.suppress(OSError):  # the share is gone, or not empty
                _release(path, mine)
                if made:
                    workdir.rmdir()


def _take(path: Path, mine: str) -> None:
    while not _create(path, mine):
        found = _read(path)
        if found is None:  # released just now
            continue
        owner = parsed(found.text)
        alive = is_alive(owner)
        if alive is None:
            alive = _is_renewed(path, found, owner)
        if alive:
            raise WorkdirInUse(
                f'{path.parent} is in use by {named(owner)}. Wait until it has ended, '
                'or give another --workdir.'
            )
        if alive is False:
            _take_over(path, found.text, mine)


def _create(path: Path, text: str) -> bool:
    """Makes the lock; False where there is one."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return False
    try:
        with open(handle, 'w') as file:
            file.write(text)
    except OSError:  # the disk is full
        path.unlink(missing_ok=True)
        raise
    return True


def _read(path: Path) -> Reading | None:
    """The lock; None where there is none. Opening it asks the server of a share."""
    try:
        with path.open(errors='replace') as file:
            return Reading(file.read(), os.fstat(file.fileno()).st_mtime_ns)
    except FileNotFoundError:
        return None


def _is_renewed(path: Path, found: Reading, owner: dict[str, Any]) -> bool | None:
    """Whether a lock is renewed while it is watched; None: it is another's by now."""
    print(
        f'{path.parent} is held by {named(owner)}. '
        f'Checking for {PATIENCE:.0f} s whether that run is still alive ...',
        flush=True,
    )
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(BEAT / 10)
        now = _read(path)
        if now != found:
            return True if now and now.text == found.text else None
    return False


def _take_over(path: Path, dead: str, mine: str) -> None:
    """Replaces the lock of a dead run, unless another has done so.

    When several try at once, only the one that creates the marker may replace it.
    """
    name = hashlib.sha256(dead.encode()).hexdigest()[:16]
    marker = path.with_name(f'{path.name}-{name}')
    if not _create(marker, mine):
        raise WorkdirInUse(
            f'Another run is taking over {path.parent}. If there is none, '
            f'delete {marker}.'
        )
    try:
        now = _read(path)
        if now and now.text == dead:
            path.unlink()
            print(f'The run that held {path.parent} was killed; this one replaces it.')
    finally:
        marker.unlink()


def _renew(path: Path, mine: str, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with contextlib.suppress(OSError):  # a share may be away for a while
            found = _read(path)
            if found and found.text != mine:
                _give_up(path)
            try:
                os.utime(path)
            except OSError:  # some shares refuse it
                path.write_text(mine)


def _give_up(path: Path) -> None:
    """Ends at once: this run was silent so long that another took it for dead."""
    print(f'\nERROR: {path.parent} was taken over by another run.', file=sys.stderr)
    os._exit(1)


def _release(path: Path, mine: str) -> None:
    found = _read(path)
    if found and found.text == mine:
        path.unlink()
