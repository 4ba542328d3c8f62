"""Optimizers and learning-rate schedules are looked up by name."""

from __future__ import annotations

from typing import Any

import jax
import optax

from deeploc_jax.lookup import lookup


def make_schedule(
    name: str,
    learning_rate: float,
    total_steps: int,
    *,
    decay_rate: float = 0.96,
    decay_every: int = 25,
    warmup_steps: int = 0,
) -> optax.Schedule:
    """Makes the learning rate as a function of the step.

    Args:
        name: 'exponential' (times `decay_rate` every `decay_every` steps, a
            staircase: DeepLoc), 'halving' (times 0.5 every `decay_every` steps:
            DeepYeast), 'cosine' (to zero at `total_steps`) or 'constant'.
        learning_rate: Highest learning rate.
        total_steps: Number of steps of the training.
        decay_rate: Factor of 'exponential'.
        decay_every: Number of steps of 'exponential' and 'halving' between two falls.
        warmup_steps: Number of steps of linear rise before any of them.

    Raises:
        ValueError: There is no such schedule.
    """
    remaining = max(total_steps - warmup_steps, 1)
    make = {
        'exponential': lambda: optax.exponential_decay(
            learning_rate, decay_every, decay_rate, staircase=True
        ),
        'halving': lambda: optax.exponential_decay(
            learning_rate, decay_every, 0.5, staircase=True
        ),
        'cosine': lambda: optax.cosine_decay_schedule(learning_rate, remaining),
        'constant': lambda: optax.constant_schedule(learning_rate),
    }
    schedule = lookup('schedule', name, make)()
    if not warmup_steps:
        return schedule
    warmup = optax.linear_schedule(
        learning_rate / warmup_steps, learning_rate, warmup_steps - 1
    )
    return optax.join_schedules([warmup, schedule], [warmup_steps])


def make_optimizer(
    name: str,
    schedule: optax.Schedule,
    *,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
    clip_norm: float = 0.0,
) -> optax.GradientTransformation:
    """Makes an optimizer.

    Args:
        name: 'adam', 'adamw' (decoupled weight decay) or 'sgd' (with momentum).
        schedule: From `make_schedule`.
        weight_decay: Weight decay of kernels; biases and batch norm have none. It is
            added to the gradient for 'adam' and 'sgd' (an L2 penalty) and decoupled for
            'adamw'.
        momentum: Momentum of 'sgd'.
        clip_norm: Global gradient norm above which gradients are scaled down; 0
            for never.

    Raises:
        ValueError: There is no such optimizer.
    """
    make = {
        'adam': lambda: optax.adam(schedule, b1=0.9, b2=0.999, eps=1e-8),
        'adamw': lambda: optax.adamw(
            schedule, weight_decay=weight_decay, mask=_kernels
        ),
        'sgd': lambda: optax.sgd(schedule, momentum=momentum),
    }
    parts = [lookup('optimizer', name, make)()]
    if weight_decay and name != 'adamw':
        parts.insert(0, optax.add_decayed_weights(weight_decay, mask=_kernels))
    if clip_norm:
        parts.insert(0, optax.clip_by_global_norm(clip_norm))
    return optax.chain(*parts)


def _kernels(params: Any) -> Any:
    return jax.tree.map(lambda x: x.ndim > 1, params)
