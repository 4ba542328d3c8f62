"""The fits of a transfer that are not finished yet, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from deeploc_jax.devices import is_main
from deeploc_jax.progress import progress_bar
from deeploc_jax.sharding import as_first_sees
from deeploc_jax.transfer.draws import Draw, Tuned
from deeploc_jax.transfer.jobs import Job
from deeploc_jax.workdir.finished_fits import Fits


@runtime_checkable
class Method(Protocol):
    """A way to learn from draws: `tuner.Tuner` or `prober.Prober`."""

    def cells_seen(self, draw: Draw) -> int:
        """Cells that a training on the draw sees, which is how long it takes."""

    def together(self, draws: Sequence[Draw]) -> int:
        """Number of draws of one size that are fitted in one call of `fit`."""

    def fit(self, draws: Sequence[Draw], wanted: Sequence[bool]) -> Iterator[Tuned]:
        """Learns from each of the draws alone, and tests those that are wanted."""


def fit_missing(
    fits: Fits, methods: Mapping[str, Method], jobs: Sequence[Job]
) -> Iterator[tuple[Job, Tuned]]:
    """Fits what is missing, and shows the time that is left.

    Draws are always fitted in the same groups, whichever of them are finished: the
    numbers do not depend on it. What is missing is what the first process does not
    find among the finished fits.

    Args:
        fits: The finished fits.
        methods: The methods by mode.
        jobs: All that is asked for, mode by mode and size by size.

    Yields:
        A job and what came of it.
    """
    if is_main():
        fits.print_done([job.name for job in jobs])
    amounts = [methods[job.mode].cells_seen(job.draw) for job in jobs]
    missing = as_first_sees([job.name not in fits for job in jobs])
    done = sum(itertools.compress(amounts, (not each for each in missing)))
    with progress_bar(None, sum(amounts), 'transfer', initial=done, unit='cell') as bar:
        left = iter(missing)
        for group in _groups(methods, jobs):
            wanted = list(itertools.islice(left, len(group)))
            if not any(wanted):
                continue
            method = methods[group[0].mode]
            fitted = method.fit([job.draw for job in group], wanted)
            todo = itertools.compress(group, wanted)
            for job, tuned in zip(todo, fitted, strict=True):
                yield job, tuned  # at once: what follows may be interrupted
                bar.update(method.cells_seen(job.draw))


def _groups(
    methods: Mapping[str, Method], jobs: Sequence[Job]
) -> Iterator[Sequence[Job]]:
    """The jobs of each call of `fit`."""
    kinds = itertools.groupby(jobs, lambda job: (job.mode, job.draw.cells_per_class))
    for (mode, _), kind in kinds:
        same = list(kind)
        together = methods[mode].together([job.draw for job in same])
        for first in range(0, len(same), together):
            yield same[first : first + together]
