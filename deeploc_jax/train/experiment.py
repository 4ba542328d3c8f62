"""Builds what a training begins with from the choices in its config."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
import optax
from jax.experimental import multihost_utils

from deeploc_jax.data.mean_image import mean_image
from deeploc_jax.data.sampling import make_sampler
from deeploc_jax.models import get_model
from deeploc_jax.models.network import Network
from deeploc_jax.train.loop import Cadence
from deeploc_jax.train.losses import cross_entropy
from deeploc_jax.train.optimizer import make_optimizer, make_schedule
from deeploc_jax.train.state import TrainState, init_state
from deeploc_jax.train.step import TrainStep, make_train_step
from deeploc_jax.types import Cells


@dataclasses.dataclass(frozen=True)
class Choices:
    """How a network is trained.

    Attributes:
        seed: Seed of initial parameters, batches, augmentation and dropout.
        model: Keyword arguments of `models.get_model` except the number of classes.
        optimizer: Keyword arguments of `make_optimizer`.
        schedule: Keyword arguments of `make_schedule` except the number of steps.
        augmentation: Keyword arguments of `data.augment.augment`.
        label_smoothing: Share of the target that is spread over the classes.
        ema_decay: Decay of the averaged weights; 0 for none.
        class_balanced: Whether each class is drawn equally often.
        batch_size: Cells in a batch, over all devices.
        cadence: Length of the training, and when to log and validate.
        select_by: Validation metric that decides which checkpoint is the best.
        test_batch: Cells at a time when the network is tested, over all devices.
        device_limit: Gigabytes of training images that may lie on each device.
        profile: Whether a step is traced, into `<workdir>/profile`.
    """

    seed: int
    model: dict[str, Any]
    optimizer: dict[str, Any]
    schedule: dict[str, Any]
    augmentation: dict[str, Any]
    label_smoothing: float
    ema_decay: float
    class_balanced: bool
    batch_size: int
    cadence: Cadence
    select_by: str
    test_batch: int
    device_limit: float = 4.0
    profile: bool = False

    @property
    def crop(self) -> int:
        """Side in pixels of what the network sees."""
        return self.augmentation['crop']


@dataclasses.dataclass(frozen=True)
class Experiment:
    """What a training begins with.

    Attributes:
        model: The network.
        schedule: Learning rate as a function of the step.
        sampler: Rows of the batch of a step.
        train_step: One update, from `make_train_step`.
        state: State of step 0.
    """

    model: Network
    schedule: optax.Schedule
    sampler: Callable[[int], np.ndarray]
    train_step: TrainStep
    state: TrainState


def build(choices: Choices, train: Cells, mesh: jax.sharding.Mesh) -> Experiment:
    """Makes the network, its training step and batches, and the state of step 0.

    Args:
        choices: Choices of the training.
        train: The training split, which decides the number of classes and channels and
            the mean image of a network that subtracts one.
        mesh: Mesh from `sharding.make_mesh`.

    Raises:
        ValueError: There is no such network, optimizer or schedule.
    """
    model = get_model(num_classes=len(train.class_names), **choices.model)
    steps = choices.cadence.total
    schedule = make_schedule(total_steps=steps, **choices.schedule)
    tx = make_optimizer(schedule=schedule, **choices.optimizer)
    mean = None
    if model.MEAN_IMAGE:  # one process computes it, as others may round otherwise
        found = mean_image(train, choices.crop)
        mean = multihost_utils.broadcast_one_to_all(found)
    state = init_state(
        model,
        tx,
        (choices.crop, choices.crop, len(train.channels)),
        choices.seed,
        mesh,
        mean_image=mean,
        ema=choices.ema_decay > 0,
    )
    train_step = make_train_step(
        model,
        tx,
        mesh,
        seed=choices.seed,
        augmentation=choices.augmentation,
        loss_fn=partial(cross_entropy, label_smoothing=choices.label_smoothing),
        ema_decay=choices.ema_decay,
    )
    sampler = make_sampler(
        train.labels,
        choices.batch_size,
        choices.seed,
        class_balanced=choices.class_balanced,
    )
    return Experiment(model, schedule, sampler, train_step, state)
