"""The trainings of a transfer: what is done is kept, with the time that is left."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import ml_collections
import numpy as np

from deeploc_jax.probe.sampling import draw_cells, group_names
from deeploc_jax.progress import progress_bar
from deeploc_jax.transfer.plan import batch_and_steps
from deeploc_jax.transfer.recipe import Recipe, Work
from deeploc_jax.types import Cells
from deeploc_jax.workdir.finished_fits import Fits


def fit_all(
    config: ml_collections.ConfigDict,
    fits: Fits,
    workers: Mapping[str, Callable[..., Work]],
    train: Cells,
    sizes: list[int],
    recipe: Recipe,
) -> list[dict[str, Any]]:
    """Does what is not done yet; rows of all, mode by mode and size by size."""
    draws = {
        size: [_draw(config, train, size, number) for number in range(config.draws)]
        for size in sizes
    }
    jobs = {
        (mode, size): [
            dict(mode=mode, cells_per_class=size, draw=number)
            for number in range(config.draws)
        ]
        for mode in workers
        for size in sizes
    }

    def cells_seen(size: int) -> int:
        """In a training: they tell the time that is left."""
        count, devices = len(draws[size][0]), jax.device_count()
        return math.prod(batch_and_steps(recipe, size, count, devices))

    amounts = {(m, size): cells_seen(size) * (m != 'probe') for m, size in jobs}
    done = {kind: {job['draw'] for job in jobs[kind] if job in fits} for kind in jobs}
    total = config.draws * sum(amounts.values())
    before = sum(len(done[kind]) * amounts[kind] for kind in jobs)
    if jax.process_index() == 0:
        fits.tell_done([job for of_kind in jobs.values() for job in of_kind])
    made: dict[str, Work] = {}
    with progress_bar(None, total, 'transfer', initial=before, unit='cell seen') as bar:
        for kind, of_kind in jobs.items():
            mode, size = kind
            if len(done[kind]) == config.draws:
                continue
            if mode not in made:
                made.clear()  # the last one's memory is free
                made[mode] = workers[mode]()
            for number, found in made[mode](size, draws[size], done[kind]):
                fits.add(of_kind[number], found)
                bar.update(amounts[kind])
    return [dict(fits.row(job), series=job['mode']) for k in jobs.values() for job in k]


def _draw(
    config: ml_collections.ConfigDict, cells: Cells, size: int, number: int
) -> np.ndarray:
    """Rows of a draw; all that are labelled for size 0."""
    if not size:
        return np.flatnonzero(cells.labels >= 0)
    groups = group_names(cells.metadata[config.group_by])
    return draw_cells(cells.labels, groups, size, config.seed + number)
