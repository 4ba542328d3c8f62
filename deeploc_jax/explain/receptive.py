"""The pixels that a unit of a network can see: its receptive field.

The field follows from kernels, strides, padding and pooling alone. The network is run
with kernels of ones on images in which one row of pixels is lit, and what is lit at all
becomes 1 after every module: an output is lit where it can see that row. So each path
counts, around a residual block or through it, and nothing is lost at the border.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from deeploc_jax.explain.layers import layer_names, outputs
from deeploc_jax.weights.folder import TrainedNetwork

FACTORS = ('kernel', 'scale', 'var')
"""Parameters that multiply, which become 1; all others add, and become 0."""


class ReceptiveField(NamedTuple):
    """Pixels that the units of a layer see, [first, behind the last] on each axis.

    Attributes:
        rows: Of the units in each row of the maps, int [h, 2].
        columns: Of those in each column, int [w, 2].
    """

    rows: Int[np.ndarray, 'h 2']
    columns: Int[np.ndarray, 'w 2']

    @property
    def size(self) -> tuple[int, int]:
        """Most pixels that a unit sees downwards and across; at most the image."""
        down, across = (int((x[:, 1] - x[:, 0]).max()) for x in self)
        return down, across

    def at(self, place: int) -> tuple[slice, slice]:
        """Rows and columns that the unit at a place sees, a number from the top left.

        Args:
            place: Index into the h x w places of the maps, row by row.
        """
        row, column = divmod(int(place), len(self.columns))
        return slice(*self.rows[row].tolist()), slice(*self.columns[column].tolist())


def receptive_fields(network: TrainedNetwork) -> dict[str, ReceptiveField]:
    """The receptive field of every layer, by name; of a dense layer all pixels.

    What a network multiplies its maps by, such as a gate, is not followed.

    Args:
        network: The network; its weights do not matter.
    """
    side, channels = network.card.crop, len(network.card.channels)
    lines = np.zeros((2, side, side, side, channels), np.float32)
    every = np.arange(side)
    lines[0, every, every] = lines[1, every, :, every] = 1
    variables = jax.tree.map_with_path(_one_or_zero, network.variables)

    def lit(images: jax.Array) -> dict[str, jax.Array]:
        with nn.intercept_methods(_light_up):
            found = outputs(network, variables, images)
        return {name: _places(layer > 0) for name, layer in found.items()}

    run = jax.jit(lit)
    down, across = (run(images) for images in lines)
    return {
        name: ReceptiveField(
            _reach(np.any(down[name], axis=2)),
            _reach(np.any(across[name], axis=1)),
        )
        for name in layer_names(network)
    }


def _places(lit: jax.Array) -> jax.Array:
    """Whether any feature is lit at each place, [b, h, w]; of vectors [b, 1, 1]."""
    some = lit.any(-1)
    return some if some.ndim == 3 else some[:, None, None]


def _one_or_zero(path: Any, x: Any) -> jax.Array:
    return jnp.full(x.shape, float(path[-1].key in FACTORS), x.dtype)


def _light_up(call: Any, args: Any, options: Any, context: Any) -> Any:
    """1 where a module gives light, 0 where it gives none but for rounding."""
    made = call(*args, **options)
    if context.method_name != '__call__' or not isinstance(made, jax.Array):
        return made
    return (made > 0.5).astype(made.dtype)


def _reach(sees: Any) -> Int[np.ndarray, 'h 2']:
    """First and last of the pixels [s] that each of h places sees, [s, h]."""
    last = len(sees) - sees[::-1].argmax(0)
    return np.stack([sees.argmax(0), last], axis=1)
