"""Many small trainings of one task: what is done is kept, what is not is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax

from deeploc_jax.files import atomic_write, read_jsonl


class Fits:
    """Rows of finished fits in a JSON-lines file, found again by what they were of.

    Args:
        path: The file; made when missing. A last line cut short is left out.
        tested: How and on what fits are tested; rows tested otherwise are left out.
    """

    def __init__(self, path: Path, tested: dict[str, Any]):
        self.path, self.tested = path, tested
        rows = [row for row in read_jsonl(path) if row['tested'] == tested]
        if jax.process_index() == 0:
            text = ''.join(json.dumps(row) + '\n' for row in rows)
            atomic_write(path, lambda temporary: temporary.write_text(text))
        self._rows = {json.dumps(row['job']): row['result'] for row in rows}

    def __contains__(self, job: dict[str, Any]) -> bool:
        return json.dumps(job) in self._rows

    def jobs(self) -> list[dict[str, Any]]:
        """What the finished fits are of."""
        return [json.loads(job) for job in self._rows]

    def row(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job and what came of it."""
        return job | self._rows[json.dumps(job)]

    def add(self, job: dict[str, Any], result: dict[str, Any]) -> None:
        """Keeps what came of a job, in the file at once."""
        self._rows[json.dumps(job)] = result
        if jax.process_index() == 0:
            row = dict(job=job, tested=self.tested, result=result)
            with self.path.open('a') as file:
                file.write(json.dumps(row) + '\n')


def parse_sizes(asked: str | None, field: str = 'cells_per_class') -> list[int]:
    """Numbers of cells of each class, '1,5,25', from few to many; [0], all, of ''.

    Raises:
        ValueError: They are not like that; the field of the config is named.
    """
    if not asked:
        return [0]
    parts = asked.split(',')
    if not all(part.isdecimal() and int(part) for part in parts):
        raise ValueError(f'{field} ({asked}) must be like 1,5,25.')
    return sorted({int(part) for part in parts})
