"""Parts are scored by the workers of a Dask cluster."""

from __future__ import annotations

import concurrent.futures
import pickle
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from deeploc_jax.screens.scoring.job import Job
from deeploc_jax.screens.scoring.on_worker import score_pickled
from deeploc_jax.screens.scoring.parts import Part

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 10.0
"""Seconds in which a scheduler must answer."""


def connect(scheduler: str) -> Client:
    """Connects to a scheduler.

    Raises:
        ImportError: dask.distributed is not installed.
        ConnectionError: No scheduler answers at this address.
        ValueError: It is no address.
    """
    try:
        import distributed
    except ImportError as error:
        raise ImportError(
            "A cluster needs dask.distributed: pip install -e '.[cluster]'"
        ) from error
    try:
        return distributed.Client(scheduler, timeout=PATIENCE)
    except OSError as error:
        raise ConnectionError(
            f'No scheduler answers at {scheduler} ({error}). Start one with `dask '
            'scheduler`, and workers with `dask worker <address>`; docs/score.md has '
            'the commands.'
        ) from None


def score_on(
    client: Client, job: Job, parts: Sequence[Part]
) -> Iterator[tuple[Part, dict[str, int]]]:
    """Scores parts on the workers, and yields each when it is written.

    Workers read the fields and write the parts themselves, under the same paths as
    here. The part of a worker that dies goes to another.

    Args:
        client: The cluster.
        job: The job.
        parts: Its parts that are wanted.

    Yields:
        A part, and what `score_part` counted in it.

    Raises:
        RuntimeError: Workers died over one part again and again.
        ConnectionError: The scheduler is gone.
    """
    import distributed

    futures = {
        client.submit(score_pickled, pickle.dumps((job, part)), pure=False): part
        for part in parts
    }
    try:
        for future in distributed.as_completed(futures):
            try:
                yield futures[future], future.result()
            except distributed.KilledWorker as error:
                raise RuntimeError(
                    f'Workers died over {futures[future].name} again and again: they '
                    'may have too little memory, see --memory-limit of `dask worker`. '
                    f'({error})'
                ) from None
            except concurrent.futures.CancelledError as error:
                raise ConnectionError(
                    f'The scheduler is gone ({error}). Parts that are written stay: '
                    'start it, and run the same command again.'
                ) from None
    finally:
        client.cancel(list(futures))
