"""A training step is one compiled update, the same on one device and on many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import optax

from deeploc_jax import compilation, sharding
from deeploc_jax.data.augment import augment
from deeploc_jax.train.losses import Loss, cross_entropy
from deeploc_jax.train.state import TrainState
from deeploc_jax.types import Batch

TrainStep = Callable[[TrainState, Batch], tuple[TrainState, dict[str, jax.Array]]]
Update = Callable[
    [TrainState, Batch, jax.Array], tuple[TrainState, dict[str, jax.Array]]
]


def make_train_step(
    model: nn.Module,
    tx: optax.GradientTransformation,
    mesh: jax.sharding.Mesh,
    *,
    seed: int,
    augmentation: dict[str, Any],
    loss_fn: Loss = cross_entropy,
    ema_decay: float = 0.0,
) -> TrainStep:
    """Makes the jitted `(state, batch) -> (state, metrics)`.

    The state is replicated and donated; the batch is split over the mesh. Randomness
    (augmentation, dropout) is a function of the seed and the step alone. Metrics
    are scalars of the batch before the update: `loss`, `gradient_norm` and those of
    the loss.

    Args:
        model: The network.
        tx: The optimizer.
        mesh: From `sharding.make_mesh`.
        seed: Seed of augmentation and dropout.
        augmentation: Keyword arguments of `data.augment.augment`.
        loss_fn: `(outputs, batch) -> (loss, metrics)`, see `train.losses`.
        ema_decay: Decay of the moving averages, when the state has them.
    """
    update = make_update(
        model,
        tx,
        augmentation=augmentation,
        loss_fn=loss_fn,
        ema_decay=ema_decay,
    )

    def train_step(
        state: TrainState, batch: Batch
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        return update(state, batch, jax.random.key(seed))

    whole, split = sharding.replicated(mesh), sharding.batch_sharding(mesh)
    return jax.jit(
        train_step,
        in_shardings=(whole, split),
        out_shardings=(whole, whole),
        donate_argnums=0,
        compiler_options=compilation.compiler_options(mesh),
    )


def make_update(
    model: nn.Module,
    tx: optax.GradientTransformation,
    *,
    augmentation: dict[str, Any],
    loss_fn: Loss = cross_entropy,
    ema_decay: float = 0.0,
) -> Update:
    """Makes the pure `(state, batch, key) -> (state, metrics)` behind a train step.

    The arguments are those of `make_train_step`; the key is the same in every step.

    Raises:
        ValueError: A network that subtracts the mean image is to do without channels.
    """
    if augmentation.get('protein_alone') and getattr(model, 'MEAN_IMAGE', False):
        raise ValueError(
            'augmentation.protein_alone sets channels to 0, which this network, which '
            'subtracts the mean image, does not take for nothing; set it to 0.'
        )

    def update(
        state: TrainState, batch: Batch, key: jax.Array
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        key = jax.random.fold_in(key, state.step)
        augment_key, dropout_key = jax.random.split(key)
        image = augment(augment_key, batch['image'], **augmentation)

        def compute_loss(params: Any) -> tuple[jax.Array, Any]:
            (outputs, _), updates = model.apply(
                dict(params=params, batch_stats=state.batch_stats),
                image,
                train=True,
                mutable=['batch_stats'],
                rngs=dict(dropout=dropout_key),
            )
            loss, metrics = loss_fn(outputs, batch)
            return loss, (metrics, updates.get('batch_stats', {}))

        grad_fn = jax.value_and_grad(compute_loss, has_aux=True)
        (loss, (metrics, batch_stats)), grads = grad_fn(state.params)
        updates, opt_state = tx.update(grads, state.opt_state, state.params)
        params = optax.apply_updates(state.params, updates)
        metrics = dict(loss=loss, **metrics, gradient_norm=optax.tree.norm(grads))
        new = dict(params=params, batch_stats=batch_stats)
        new_state = TrainState(
            step=state.step + 1,
            opt_state=opt_state,
            ema=_moving_average(state.ema, new, ema_decay),
            **new,
        )
        return new_state, metrics

    return update


def _moving_average(ema: Any, new: Any, decay: float) -> Any:
    if ema is None:
        return None
    # In this form the average of a constant, such as a mean image, is that constant.
    return jax.tree.map(lambda old, x: old + (1 - decay) * (x - old), ema, new)
