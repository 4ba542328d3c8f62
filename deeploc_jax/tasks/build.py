"""From a config to a network with its optimizer and initial state."""

from __future__ import annotations

import dataclasses

import flax.linen as nn
import jax
import ml_collections
import optax

from deeploc_jax.models import get_model
from deeploc_jax.train.optimizer import make_optimizer, make_schedule
from deeploc_jax.train.state import TrainState, init_state


@dataclasses.dataclass(frozen=True)
class Experiment:
    """What the config of a training stands for."""

    model: nn.Module
    schedule: optax.Schedule
    tx: optax.GradientTransformation
    state: TrainState


def build(
    config: ml_collections.ConfigDict,
    num_classes: int,
    num_channels: int,
    mesh: jax.sharding.Mesh,
) -> Experiment:
    """Makes the network, the optimizer and the state of step 0.

    Args:
        config: Of a task `train`.
        num_classes: Of the screen.
        num_channels: Of the screen.
        mesh: From `sharding.make_mesh`.

    Raises:
        ValueError: The config names something that does not exist.
    """
    model = get_model(num_classes=num_classes, **config.model)
    schedule = make_schedule(total_steps=config.total_steps, **config.schedule)
    tx = make_optimizer(schedule=schedule, **config.optimizer)
    crop = config.augmentation.crop
    state = init_state(
        model,
        tx,
        (crop, crop, num_channels),
        config.seed,
        mesh,
        ema=config.ema_decay > 0,
    )
    return Experiment(model, schedule, tx, state)
