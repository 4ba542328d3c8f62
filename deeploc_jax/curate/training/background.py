"""Work is done in a process of its own, and a file says how far it is."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deeploc_jax.files import read_json, write_json
from deeploc_jax.processes import end_with_parent

_OFTEN = 0.2  # seconds between two writes of how far it is


class Busy(Exception):
    """A training is under way."""


class Background:
    """One piece of work at a time, which ends with this process.

    Args:
        path: File that says how far the work is; another run may have left one.
    """

    def __init__(self, path: Path):
        self.path = path
        self._process: Any = None

    @property
    def running(self) -> bool:
        """Whether it works."""
        return self._process is not None and self._process.is_alive()

    def check_free(self) -> None:
        """Raises `Busy` where it works."""
        if self.running:
            raise Busy('A training is under way; it learns from what was decided then.')

    def start(self, work: Callable[..., None], subject: Any) -> None:
        """Starts `work(subject, note)`, where `note(stage, done, of)` is to be called.

        Args:
            work: Function at the top level of a module.
            subject: What it works on; can be pickled.
        """
        self.path.unlink(missing_ok=True)
        context = multiprocessing.get_context('spawn')  # a fork of JAX can hang
        self._process = context.Process(
            target=_work, args=(work, subject, self.path), daemon=True
        )
        self._process.start()

    def state(self) -> dict[str, Any]:
        """How far it is: `stage`, `done`, `of` and `left`, seconds, where it works.

        Where it failed, `error` has the reason in words.
        """
        if self._process is None:
            return {}
        running, found = self.running, {}
        with contextlib.suppress(FileNotFoundError):
            found = read_json(self.path)
        if running:
            found.pop('error', None)  # said once the process has ended
            return dict(stage='starting', done=0, of=0, left=None) | found
        code = self._process.exitcode
        if not code:
            return {}
        ended = f'The training ended at once (code {code}); the terminal says why.'
        return dict(error=found.get('error', ended))

    def stop(self) -> None:
        """Ends the work, if there is any, and waits until it has ended."""
        if self._process is not None:
            self._process.terminate()
            self._process.join()


def _work(work: Callable[..., None], subject: Any, path: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the page decides when it ends
    end_with_parent()
    started, last = time.monotonic(), 0.0

    def note(stage: str, done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > _OFTEN:
            last = now
            left = (now - started) / done * (of - done) if done else None
            write_json(path, dict(stage=stage, done=done, of=of, left=left))

    try:
        work(subject, note)
    except (ValueError, OSError, MemoryError) as error:
        write_json(path, dict(error=str(error) or type(error).__name__))
        raise SystemExit(1) from None
    path.unlink(missing_ok=True)
