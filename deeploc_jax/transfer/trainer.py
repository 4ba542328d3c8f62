"""Trains a network on draws of labelled cells."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import optax
from jax.experimental import multihost_utils
from jaxtyping import Float32, Int

from deeploc_jax import sharding
from deeploc_jax.class_map import ClassMap
from deeploc_jax.data.mean_image import mean_image
from deeploc_jax.data.sampling import EpochSampler
from deeploc_jax.models import get_model
from deeploc_jax.models.network import Network
from deeploc_jax.progress import progress_bar
from deeploc_jax.train.optimizer import make_schedule
from deeploc_jax.transfer.draws import Draw
from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.transfer.stacked import make_stacked_init, make_stacked_step
from deeploc_jax.transfer.steps import batch_and_steps
from deeploc_jax.transfer.towards_start import towards_start
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork


@dataclasses.dataclass(frozen=True, eq=False)
class Trainer:
    """Trains networks of one architecture, from given weights or from none.

    Attributes:
        recipe: How they are trained.
        mode: `fine_tune`, `frozen_conv` or `scratch`.
        source: The architecture, and the weights to start from.
        cells: The cells that draws are from.
        mesh: From `sharding.make_mesh`.
        classes: The classes in terms of those of the source; None: their layer starts
            from random values.
    """

    recipe: Recipe
    mode: str
    source: TrainedNetwork
    cells: Cells
    mesh: jax.sharding.Mesh
    classes: ClassMap | None = None

    @functools.cached_property
    def model(self) -> Network:
        """The network for the classes of the cells."""
        options: dict[str, Any] = self.source.card.model | dict(
            dropout=self.recipe.dropout
        )
        return get_model(num_classes=len(self.cells.class_names), **options)

    @property
    def start(self) -> dict[str, Any] | None:
        """The weights to start from; None from scratch."""
        return None if self.mode == 'scratch' else self.source.variables

    def batch_and_steps(self, draw: Draw) -> tuple[int, int]:
        """Batch size over all devices, and number of updates, of a training."""
        size, cells, devices = draw.cells_per_class, len(draw.rows), self.mesh.size
        return batch_and_steps(self.recipe, size, cells, devices)

    def train(self, draws: Sequence[Draw]) -> dict[str, Any]:
        """Trains a network on each of the draws, in one program.

        Args:
            draws: Draws of one size.

        Returns:
            Variables of the networks, stacked along a first axis, on the host.

        Raises:
            ValueError: The cells take more than `memory_limit` on each device.
        """
        batch, steps = self.batch_and_steps(draws[0])
        seeds = np.array([self.recipe.seed + draw.number for draw in draws])
        data, rows = self._place_cells(draws)
        samplers = [
            EpochSampler(own, batch, int(seed))
            for own, seed in zip(rows, seeds, strict=True)
        ]
        init, step = self._programs(steps)
        states = init(seeds, self.start, self._mean_images(draws))
        keys = sharding.put_replicated(seeds, self.mesh)
        numbers = ', '.join(str(draw.number) for draw in draws)
        size = draws[0].cells_per_class or 'all'
        name = f'{self.mode} {size} a class, draw {numbers}'
        for number in progress_bar(range(steps), steps, name, unit='step'):
            drawn = np.stack([sampler(number) for sampler in samplers])
            states = step(states, data | dict(rows=drawn.astype(np.int32)), keys)
            jax.block_until_ready(states.step)
        return jax.device_get(states.variables)

    def _place_cells(
        self, draws: Sequence[Draw]
    ) -> tuple[dict[str, Any], Int[np.ndarray, 'd n']]:
        """The cells of all draws on every device, and the rows of each draw in them."""
        rows = np.stack([draw.rows for draw in draws])
        used, places = np.unique(rows, return_inverse=True)
        needed = 4 * len(used) * np.prod(self.cells.images.shape[1:]) / 2**30
        limit = self.recipe.memory_limit
        if needed > limit:
            raise ValueError(
                f'{len(used):,} cells take {needed:.1f} GB on each device: raise '
                f'memory_limit ({limit}), or use fewer cells of each class.'
            )
        data = dict(images=self.cells.images[used], labels=self.cells.labels[used])
        return sharding.put_replicated(data, self.mesh), places.reshape(rows.shape)

    def _mean_images(
        self, draws: Sequence[Draw]
    ) -> Float32[np.ndarray, 'd h w c'] | None:
        """The mean image of each draw's cells, where no trained network gives one."""
        if not self.model.MEAN_IMAGE or self.start is not None:
            return None
        crop = self.source.card.crop
        means = [mean_image(self.cells, crop, draw.rows) for draw in draws]
        # As the first process has them, lest another round them otherwise.
        return multihost_utils.broadcast_one_to_all(np.stack(means))

    @functools.cached_property
    def _programs(self) -> Callable[[int], tuple[Any, Any]]:
        # Draws of one size, and sizes with as many steps, share their programs.
        return functools.lru_cache(maxsize=1)(self._make_programs)

    def _make_programs(self, steps: int) -> tuple[Any, Any]:
        """The jitted start and update of a training with so many steps."""
        recipe, crop = self.recipe, self.source.card.crop
        model = self.model.clone(frozen_convolutions=self.mode == 'frozen_conv')
        tx = optax.adam(make_schedule(recipe.schedule, recipe.learning_rate, steps))
        if recipe.l2_sp and self.mode != 'scratch':
            tx = optax.chain(towards_start(recipe.l2_sp), tx)
        shape = (crop, crop, len(self.cells.channels))
        augmentation = dict(recipe.augmentation, crop=crop)
        step = make_stacked_step(model, tx, self.mesh, augmentation=augmentation)
        return make_stacked_init(model, tx, shape, self.mesh, self.classes), step
