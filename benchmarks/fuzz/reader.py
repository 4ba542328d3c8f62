"""Inputs are read in another process, whose end is observed."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.connection import Connection
from pathlib import Path

WORDS = (ValueError, OSError, RuntimeError, ImportError)
"""Errors that `launch.py` reports with their message alone."""
GOOD = ('read', 'refused')
MEMORY = 1 << 30  # bytes by which an input may raise the peak of its process


class Reader:
    """Reads inputs in another process, which is replaced after a crash.

    Args:
        seconds: Time limit for an input.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._context = multiprocessing.get_context('spawn')

    def __enter__(self) -> Reader:
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        self._pipe.close()  # which ends it
        self._process.join()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe.recv()  # has imported what it needs

    def read(self, name: str, place: Path) -> tuple[str, str]:
        """The outcome in a word or two, and its details."""
        self._pipe.send((name, place))
        try:
            if self._pipe.poll(self.seconds):
                return self._pipe.recv()
            outcome, text = 'hang', f'more than {self.seconds} s'
        except EOFError:
            self._process.join()
            outcome, text = 'crash', f'exit status {self._process.exitcode}'
        self._process.kill()
        self._start()
        return outcome, text


def serve(pipe: Connection) -> None:
    """Reads inputs, in the other process, until the pipe is closed."""
    import resource
    import traceback
    import warnings

    from benchmarks.fuzz.kinds import KINDS  # all that reading needs

    warnings.simplefilter('ignore')
    sys.stdout = sys.stderr = open('/dev/null', 'w')  # noqa: SIM115
    pipe.send(None)
    while (job := receive(pipe)) is not None:
        name, place = job
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        outcome, text = 'read', ''
        try:
            KINDS[name].read(place)
        except WORDS as error:
            outcome, text = 'refused', str(error)
            if not text.strip():
                outcome, text = 'refused without a word', traceback.format_exc()
        except BaseException:
            outcome, text = 'traceback', traceback.format_exc()
        grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        if outcome in GOOD and grown > MEMORY:
            outcome, text = 'memory', f'{grown / 2**30:.1f} GiB'
        if outcome in GOOD and (left := KINDS[name].half_written(place)):
            outcome, text = 'half-written', f'{left}; {text}'
        pipe.send((outcome, text))


def receive(pipe: Connection) -> tuple[str, Path] | None:
    """The next input, or None when the pipe is closed."""
    try:
        return pipe.recv()
    except EOFError:
        return None
