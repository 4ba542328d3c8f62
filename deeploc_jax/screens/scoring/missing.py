"""The parts of a job that are missing are scored, here or on a cluster."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from deeploc_jax.progress import progress_bar
from deeploc_jax.screens.scoring import on_dask
from deeploc_jax.screens.scoring.job import Job, score_parts
from deeploc_jax.screens.scoring.parts import Part


def score_missing(job: Job, parts: Sequence[Part], scheduler: str | None) -> int:
    """Scores parts with a bar of progress.

    Args:
        job: The job.
        parts: Its parts that are wanted.
        scheduler: Address of a Dask scheduler, None to score here.

    Returns:
        Number of fields that were set aside.

    Raises:
        ConnectionError: No scheduler answers.
    """
    if not parts:
        return 0
    counts = collections.Counter()
    total = sum(len(part.fields) for part in parts)
    client = on_dask.connect(scheduler) if scheduler else None
    with (
        client or nullcontext(),
        progress_bar(None, total, 'score', unit='field') as bar,
    ):
        # Until the end, parts of today stand beside those of an earlier run.
        (job.workdir / 'run.json').unlink(missing_ok=True)

        def add(counted: Mapping[str, int]) -> None:
            counts.update(counted)
            seconds = bar.format_dict['elapsed'] or 1
            bar.set_postfix_str(f'{counts["cells"] / seconds:,.0f} cells/s', False)
            bar.update(counted['fields'])

        if client:
            for _, counted in on_dask.score_on(client, job, parts):
                add(counted)
        else:
            for _ in score_parts(job, parts, lambda cells: add(cells.counts)):
                pass
    return counts['set_aside']
