"""From a config to a network with its optimizer and initial state."""

from __future__ import annotations

import dataclasses

import jax
import ml_collections
import optax
from jax.experimental import multihost_utils

from deeploc_jax.data.mean_image import mean_image
from deeploc_jax.models import get_model
from deeploc_jax.models.network import Network
from deeploc_jax.train.optimizer import make_optimizer, make_schedule
from deeploc_jax.train.state import TrainState, init_state
from deeploc_jax.types import Cells


@dataclasses.dataclass(frozen=True)
class Experiment:
    """What the config of a training stands for."""

    model: Network
    schedule: optax.Schedule
    tx: optax.GradientTransformation
    state: TrainState


def build(
    config: ml_collections.ConfigDict,
    train: Cells,
    mesh: jax.sharding.Mesh,
) -> Experiment:
    """Makes the network, the optimizer and the state of step 0.

    Args:
        config: Of a task `train`.
        train: The training split, which decides the number of classes and channels and
            the mean image of a network that subtracts one.
        mesh: From `sharding.make_mesh`.

    Raises:
        ValueError: The config names something that does not exist.
    """
    model = get_model(num_classes=len(train.class_names), **config.model)
    schedule = make_schedule(total_steps=config.total_steps, **config.schedule)
    tx = make_optimizer(schedule=schedule, **config.optimizer)
    crop = config.augmentation.crop
    mean = None
    if model.MEAN_IMAGE:  # of one process, lest another round it otherwise
        mean = multihost_utils.broadcast_one_to_all(mean_image(train, crop))
    state = init_state(
        model,
        tx,
        (crop, crop, len(train.channels)),
        config.seed,
        mesh,
        mean_image=mean,
        ema=config.ema_decay > 0,
    )
    return Experiment(model, schedule, tx, state)
