"""Trains a network on draws of a target's cells, and tests it."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import optax
from jax.experimental import multihost_utils
from jaxtyping import Float32

from deeploc_jax import sharding
from deeploc_jax.data.mean_image import mean_image
from deeploc_jax.data.sampling import EpochSampler
from deeploc_jax.models import get_model
from deeploc_jax.predict.logits import make_predict, predict_cells
from deeploc_jax.progress import progress_bar
from deeploc_jax.train.optimizer import make_schedule
from deeploc_jax.transfer.draws import Draw, Tuned
from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.transfer.stacked import (
    make_stacked_init,
    make_stacked_step,
    place_cells,
)
from deeploc_jax.transfer.steps import batch_and_steps, draws_together
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.transfer.test_scores import score_logits
from deeploc_jax.transfer.tuned_weights import tuned_card
from deeploc_jax.weights.folder import TrainedNetwork, check_network


class Tuner:
    """Trains the network of a source for a target, from its weights or from none.

    Args:
        recipe: How it is trained.
        mode: `fine_tune`, `frozen_conv` or `scratch`.
        source: The architecture, and the weights to start from.
        target: The cells to train and test on.
        mesh: From `sharding.make_mesh`.
    """

    def __init__(
        self,
        recipe: Recipe,
        mode: str,
        source: TrainedNetwork,
        target: Target,
        mesh: jax.sharding.Mesh,
    ):
        self.recipe, self.mode, self.source = recipe, mode, source
        self.target, self.mesh = target, mesh
        self.train_cells, self.crop = target.cells['train'], source.card.crop
        options: dict[str, Any] = source.card.model | dict(dropout=recipe.dropout)
        classes = len(self.train_cells.class_names)
        self.model = get_model(num_classes=classes, **options)
        self.start = None if mode == 'scratch' else source.variables
        # Draws of one size, and sizes with as many steps, share their programs.
        self.programs = functools.lru_cache(maxsize=1)(self._make_programs)

    def cells_seen(self, draw: Draw) -> int:
        """Cells that a training on the draw sees, over all of its steps."""
        return math.prod(self._batch_and_steps(draw))

    def together(self, draws: Sequence[Draw]) -> int:
        """Number of draws of one size that share a compiled program."""
        batch, _ = self._batch_and_steps(draws[0])
        return draws_together(len(draws), batch, self.mesh.devices.flat[0].platform)

    def fit(self, draws: Sequence[Draw]) -> list[Tuned]:
        """Trains a network on each of the draws, all at once, and tests each.

        Args:
            draws: Draws of one size.

        Raises:
            ValueError: Their cells take more than `memory_limit` on each device.
        """
        started = time.perf_counter()
        stacked = self.train(draws)
        seconds = (time.perf_counter() - started) / len(draws)
        return [
            self._test(draw, jax.tree.map(lambda x, i=index: x[i], stacked), seconds)
            for index, draw in enumerate(draws)
        ]

    def train(self, draws: Sequence[Draw]) -> dict[str, Any]:
        """Variables of a network for each draw, stacked along a first axis."""
        batch, steps = self._batch_and_steps(draws[0])
        seeds = np.array([self.recipe.seed + draw.number for draw in draws])
        limit = self.recipe.memory_limit
        data, rows = place_cells(self.train_cells, draws, limit, self.mesh)
        samplers = [
            EpochSampler(own, batch, int(seed))
            for own, seed in zip(rows, seeds, strict=True)
        ]
        init, step = self.programs(steps)
        states = init(seeds, self.start, self._mean_images(draws))
        keys = sharding.put_replicated(seeds, self.mesh)
        size = draws[0].cells_per_class or 'all'
        numbers = ', '.join(str(draw.number) for draw in draws)
        name = f'{self.mode} {size} a class, draw {numbers}'
        for number in progress_bar(range(steps), steps, name, unit='step'):
            drawn = np.stack([sampler(number) for sampler in samplers])
            states = step(states, data | dict(rows=drawn.astype(np.int32)), keys)
            jax.block_until_ready(states.step)
        return jax.device_get(states.variables)

    def _batch_and_steps(self, draw: Draw) -> tuple[int, int]:
        size, cells, devices = draw.cells_per_class, len(draw.rows), self.mesh.size
        return batch_and_steps(self.recipe, size, cells, devices)

    def _make_programs(self, steps: int):
        """The jitted start and update of a training with so many steps."""
        recipe, frozen = self.recipe, self.mode == 'frozen_conv'
        model = self.model.clone(frozen_convolutions=frozen)
        shape = (self.crop, self.crop, len(self.train_cells.channels))
        schedule = make_schedule(recipe.schedule, recipe.learning_rate, steps)
        tx = optax.adam(schedule)
        augmentation = dict(recipe.augmentation, crop=self.crop)
        step = make_stacked_step(model, tx, self.mesh, augmentation=augmentation)
        return make_stacked_init(model, tx, shape, self.mesh), step

    def _mean_images(
        self, draws: Sequence[Draw]
    ) -> Float32[np.ndarray, 'd h w c'] | None:
        """The mean image of each draw's cells, where no trained network gives one."""
        if not self.model.MEAN_IMAGE or self.start is not None:
            return None
        means = [mean_image(self.train_cells, self.crop, draw.rows) for draw in draws]
        # As the first process has them, lest another round them otherwise.
        return multihost_utils.broadcast_one_to_all(np.stack(means))

    @functools.cached_property
    def _predict(self) -> Any:
        crop, crops = self.crop, self.recipe.crops
        return make_predict(self.model, self.mesh, crop=crop, crops=crops)

    def _test(self, draw: Draw, variables: Any, seconds: float) -> Tuned:
        """Scores of a network, and its card."""
        logits = {
            name: self._logits(variables, name) for name in ('test', 'validation')
        }
        held_out = self.target.held_out(draw.rows)
        scores = score_logits(logits, self.target.cells, held_out)
        _, steps = self._batch_and_steps(draw)
        source, validation = self.source.card, logits['validation']
        card = tuned_card(source, self.target, scores, steps, validation, held_out)
        model = check_network(variables, card, 'the tuned network')
        network = TrainedNetwork(card, model, variables)
        return Tuned(draw, scores, seconds, steps, network)

    def _logits(self, variables: Any, split: str) -> Float32[np.ndarray, 'n crops k']:
        placed = sharding.put_replicated(variables, self.mesh)
        cells, batch = self.target.cells[split], self.recipe.test_batch
        return predict_cells(self._predict, placed, cells, self.mesh, batch, split)
