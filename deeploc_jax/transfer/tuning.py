"""Trains several draws of a transfer and tests each."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import optax
from jax.experimental import multihost_utils

from deeploc_jax import sharding
from deeploc_jax.data.mean_image import mean_image
from deeploc_jax.data.sampling import EpochSampler
from deeploc_jax.models import get_model
from deeploc_jax.models.network import Network as Model
from deeploc_jax.predict.logits import make_predict, predict_cells
from deeploc_jax.progress import progress_bar
from deeploc_jax.train.optimizer import make_schedule
from deeploc_jax.transfer.plan import batch_and_steps, draws_together
from deeploc_jax.transfer.recipe import Recipe, Work
from deeploc_jax.transfer.stacked import (
    InitTogether,
    StepTogether,
    make_init_together,
    make_step_together,
)
from deeploc_jax.transfer.test_scores import score_logits
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork

Keep = Callable[[int, Any, np.ndarray, np.ndarray, int], None]
"""Size, variables, logits of validation, rows that were drawn, steps -> weights."""


def make_tuner(
    recipe: Recipe,
    mode: str,
    source: TrainedNetwork,
    cells: dict[str, Cells],
    mesh: jax.sharding.Mesh,
    keep: Keep,
    in_train: np.ndarray,
) -> Work:
    """Makes `(size, draws, done) -> (draw, scores) ...`.

    `draws` has rows of the training cells. On one kind of device draws are always
    trained in the same groups: the numbers do not depend on which were `done` before.

    Args:
        recipe: How they are trained.
        mode: fine_tune, frozen_conv or scratch.
        source: The architecture, and where to start.
        cells: Train, validation and test of the target.
        mesh: From `sharding.make_mesh`.
        keep: Is given draw 0 of each size, fine-tuned.
        in_train: Row of each validation cell in train, int [n]; -1: it is not in it.
    """
    train, crop = cells['train'], source.card.crop
    options: dict[str, Any] = source.card.model | dict(dropout=recipe.dropout)
    model = get_model(num_classes=len(train.class_names), **options)
    fit = make_fit(recipe, mode, model, source, train, mesh)
    predict = make_predict(model, mesh, crop=crop, crops=recipe.crops)
    platform = mesh.devices.flat[0].platform

    def logits(variables: Any, split: str) -> np.ndarray:
        placed, batch = sharding.put_replicated(variables, mesh), recipe.test_batch
        return predict_cells(predict, placed, cells[split], mesh, batch, split)

    def work(
        size: int, draws: list[np.ndarray], done: set[int]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        batch, steps = batch_and_steps(recipe, size, len(draws[0]), mesh.devices.size)
        together = draws_together(len(draws), batch, platform)
        for first in range(0, len(draws), together):
            group = dict(list(enumerate(draws))[first : first + together])
            if group.keys() <= done:
                continue
            started = time.perf_counter()
            stacked = fit(group, batch, steps, f'{mode} {size} a class')
            seconds = (time.perf_counter() - started) / len(group)
            about = dict(steps=steps, seconds=seconds)
            for index, (draw, rows) in enumerate(group.items()):
                if draw in done:
                    continue
                variables = jax.tree.map(lambda x, i=index: x[i], stacked)
                found = {
                    name: logits(variables, name) for name in ('test', 'validation')
                }
                if mode == 'fine_tune' and draw == 0:
                    keep(size, variables, found['validation'], rows, steps)
                n_train = len(np.unique(rows))
                scores = score_logits(found, cells, ~np.isin(in_train, rows))
                yield draw, scores | dict(n_train=n_train, **about)

    return work


def make_fit(
    recipe: Recipe,
    mode: str,
    model: Model,
    source: TrainedNetwork,
    train: Cells,
    mesh: jax.sharding.Mesh,
) -> Callable[[dict[int, np.ndarray], int, int, str], Any]:
    """Makes `(rows by draw, batch, steps, name) -> variables`, stacked over the draws.

    Args: as of `make_tuner`; `model` has the classes of the target.
    """
    crop = source.card.crop
    trained = model.clone(frozen_convolutions=mode == 'frozen_conv')
    shape = (crop, crop, len(train.channels))
    augmentation = dict(recipe.augmentation, crop=crop)
    start = None if mode == 'scratch' else source.variables

    @functools.cache
    def programs(steps: int) -> tuple[InitTogether, StepTogether]:
        schedule = make_schedule(recipe.schedule, recipe.learning_rate, steps)
        tx = optax.adam(schedule)
        step = make_step_together(trained, tx, mesh, augmentation=augmentation)
        return make_init_together(trained, tx, shape, mesh), step

    def means(draws: dict[int, np.ndarray]) -> np.ndarray | None:
        """Mean image of each draw's cells, where nothing else gives one."""
        if not model.MEAN_IMAGE or start is not None:
            return None
        found = np.stack([mean_image(train, crop, rows) for rows in draws.values()])
        # As that of one process has it, lest another round it otherwise.
        return multihost_utils.broadcast_one_to_all(found)

    def fit(draws: dict[int, np.ndarray], batch: int, steps: int, name: str) -> Any:
        rows = np.stack(list(draws.values()))
        used, rows = np.unique(rows, return_inverse=True)
        rows = rows.reshape(len(draws), -1)
        needed = 4 * len(used) * np.prod(train.images.shape[1:]) / 2**30
        if needed > recipe.memory_limit:
            raise ValueError(
                f'{len(used):,} cells take {needed:.1f} GB on each device; let '
                'memory_limit say that they may, or use fewer cells of each class.'
            )
        data = dict(images=train.images[used], labels=train.labels[used])
        data = sharding.put_replicated(data, mesh)
        seeds = np.array([recipe.seed + draw for draw in draws])
        keys = sharding.put_replicated(seeds, mesh)
        samplers = [
            EpochSampler(own, batch, int(seed))
            for own, seed in zip(rows, seeds, strict=True)
        ]
        init, step = programs(steps)
        states = init(seeds, start, means(draws))
        name = f'{name}, draw {", ".join(map(str, draws))}'
        for number in progress_bar(range(steps), steps, name, unit='step'):
            drawn = np.stack([sampler(number) for sampler in samplers])
            batch_data = data | dict(rows=drawn.astype(np.int32))
            states = step(states, batch_data, keys)
            jax.block_until_ready(states.step)
        return jax.device_get(states.variables)

    return fit
