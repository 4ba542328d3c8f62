"""The state is all that training carries from step to step."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float32

from deeploc_jax import sharding


@flax.struct.dataclass
class TrainState:
    """The arrays of a training; its functions are made from the config.

    Attributes:
        step: int32 scalar, the number of updates done.
        params: Trainable parameters, float32.
        batch_stats: Running averages of batch norm, and the mean image of a network
            that subtracts one.
        opt_state: State of the optimizer, as optax defines it.
        ema: Moving averages of `params` and `batch_stats`, or None.
    """

    step: Any  # not jax.Array: as a pytree the state holds shapes or None as well
    params: Any
    batch_stats: Any
    opt_state: Any
    ema: Any = None

    @property
    def variables(self) -> dict[str, Any]:
        """Variables for evaluation: the moving averages where there are any."""
        return self.ema or dict(params=self.params, batch_stats=self.batch_stats)


def init_state(
    model: nn.Module,
    tx: optax.GradientTransformation,
    image_shape: tuple[int, ...],
    seed: int,
    mesh: jax.sharding.Mesh,
    *,
    mean_image: Float32[np.ndarray, 'h w c'] | None = None,
    ema: bool = False,
) -> TrainState:
    """Initializes a state, replicated over the mesh.

    Args:
        model: The network.
        tx: The optimizer.
        image_shape: [h, w, c] of the crops that the network sees.
        seed: Seed of the initial parameters.
        mesh: From `sharding.make_mesh`.
        mean_image: Mean image [h, w, c] that a network with `MEAN_IMAGE` subtracts.
        ema: Whether to keep moving averages.
    """

    def init() -> TrainState:
        image = jnp.zeros((1, *image_shape), jnp.float32)
        variables = dict(model.init(jax.random.key(seed), image, train=False))
        params, batch_stats = variables['params'], variables.get('batch_stats', {})
        if mean_image is not None:
            batch_stats = dict(batch_stats, mean_image=jnp.asarray(mean_image))
        return TrainState(
            step=jnp.zeros((), jnp.int32),
            params=params,
            batch_stats=batch_stats,
            opt_state=tx.init(params),
            ema=dict(params=params, batch_stats=batch_stats) if ema else None,
        )

    # The state is made inside jit: device_put could alias buffers, which the step
    # donates.
    return jax.jit(init, out_shardings=sharding.replicated(mesh))()
