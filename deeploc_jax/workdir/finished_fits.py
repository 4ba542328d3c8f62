"""Keeps the results of many small fits, so that none is done twice."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from deeploc_jax.devices import is_main
from deeploc_jax.files import atomic_write, read_jsonl


class Fits:
    """Rows of finished fits in a JSON-lines file, keyed by job and test.

    The file only grows: fits that were tested otherwise, or written by another version,
    stay in it and are found again when they are asked for.

    Args:
        path: The file; made when the first fit is added. A last line that a crash cut
            short is dropped.
        tested: Description of the test: splits, crops and so on.
        needed: Names that a result must have. A fit whose row lacks one, as an earlier
            version may have written it, counts as not done.
    """

    def __init__(
        self, path: Path, tested: dict[str, Any], needed: Collection[str] = ()
    ):
        self.path, self.tested = path, tested
        if is_main():
            _drop_broken_end(path)
        self._rows: dict[str, dict[str, Any]] = {}
        self._jobs: list[dict[str, Any]] = []
        for row in read_jsonl(path):
            if _is_whole(row, needed):
                self._jobs.append(row['job'])
                self._rows[_key(row['job'], row['tested'])] = row['result']

    def __contains__(self, job: dict[str, Any]) -> bool:
        return _key(job, self.tested) in self._rows

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs of all finished fits, however they were tested."""
        return self._jobs

    def print_done(self, jobs: Collection[dict[str, Any]]) -> None:
        """Prints how many of the jobs are done already, if any."""
        done = sum(job in self for job in jobs)
        if done == len(jobs):
            print(f'All {done} fits are finished already: nothing is left to do.')
        elif done:
            print(f'{done} of {len(jobs)} fits are finished already.')

    def row(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job and its result."""
        return job | self._rows[_key(job, self.tested)]

    def add(self, job: dict[str, Any], result: dict[str, Any]) -> None:
        """Keeps the result of a job, in the file at once."""
        self._rows[_key(job, self.tested)] = result
        if is_main():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            row = dict(job=job, tested=self.tested, result=result)
            with self.path.open('a') as file:
                file.write(json.dumps(row) + '\n')


def _key(job: dict[str, Any], tested: dict[str, Any]) -> str:
    return json.dumps([job, tested], sort_keys=True)


def _is_whole(row: Any, needed: Collection[str]) -> bool:
    """Whether a row has a job, its test, and a result with all that is needed."""
    if not isinstance(row, dict) or not row.keys() >= {'job', 'tested', 'result'}:
        return False
    return isinstance(row['result'], dict) and row['result'].keys() >= set(needed)


def _drop_broken_end(path: Path) -> None:
    """Ends the file with a whole line, so that the next row starts on its own."""
    lines = path.read_text().splitlines() if path.exists() else []
    whole = len(read_jsonl(path))
    text = ''.join(line + '\n' for line in lines[:whole])
    if lines and text != path.read_text():
        atomic_write(path, lambda temporary: temporary.write_text(text))
