"""From the choices of a training to a network with its optimizer and initial state."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import optax
from jax.experimental import multihost_utils

from deeploc_jax.data.mean_image import mean_image
from deeploc_jax.models import get_model
from deeploc_jax.models.network import Network
from deeploc_jax.train.loop import Cadence
from deeploc_jax.train.optimizer import make_optimizer, make_schedule
from deeploc_jax.train.state import TrainState, init_state
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
        tx: The optimizer.
        state: State of step 0.
    """

    model: Network
    schedule: optax.Schedule
    tx: optax.GradientTransformation
    state: TrainState


def build(choices: Choices, train: Cells, mesh: jax.sharding.Mesh) -> Experiment:
    """Makes the network, the optimizer and the state of step 0.

    Args:
        choices: How to train.
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
    if model.MEAN_IMAGE:  # of one process, lest another round it otherwise
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
    return Experiment(model, schedule, tx, state)
