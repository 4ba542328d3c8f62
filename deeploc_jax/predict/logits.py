"""From cells to logits, over the five crops of the paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from deeploc_jax import compilation, sharding
from deeploc_jax.data.batches import eval_batches
from deeploc_jax.progress import progress_bar
from deeploc_jax.types import Cells

Predict = Callable[[Any, jax.Array], jax.Array]


def check_crops(crops: int, field: str = 'evaluation.crops') -> None:
    """Raises a ValueError for what is neither 1, the centre, nor 5, and corners."""
    if crops not in (1, 5):
        raise ValueError(
            f'{field} ({crops}) must be 1 or 5: the centre, and the corners.'
        )


def crop_offsets(size: int, crop: int, crops: int) -> list[tuple[int, int]]:
    """Top-left corners of the central crop and, for five, of the four corners.

    Args:
        size: Side of the image in pixels.
        crop: Side of the crops.
        crops: 1 or 5. A crop as large as the image is taken once.
    """
    check_crops(crops, 'crops')
    margin = size - crop
    middle = margin // 2
    corners = [(0, 0), (0, margin), (margin, 0), (margin, margin)]
    return [(middle, middle)] + (corners if crops == 5 and margin else [])


def make_logits(model: nn.Module, *, crop: int, crops: int = 5) -> Predict:
    """Makes the pure `(variables, images [b, h, w, c]) -> logits [b, crops, k]`.

    References:
        Kraus et al. 2017: "the center 60x60 crop and crops from the four corners".
    """

    def logits(variables: Any, images: jax.Array) -> jax.Array:
        offsets = crop_offsets(images.shape[1], crop, crops)
        views = jnp.stack([images[:, i : i + crop, j : j + crop] for i, j in offsets])

        def apply(view: jax.Array) -> jax.Array:
            return model.apply(variables, view, train=False)[0]

        # One crop after the other: a fifth of the memory.
        return jax.lax.map(apply, views).swapaxes(0, 1)

    return logits


def make_predict(
    model: nn.Module, mesh: jax.sharding.Mesh, *, crop: int, crops: int = 5
) -> Predict:
    """`make_logits`, jitted: cells over all devices in, logits on each of them out."""
    return jax.jit(
        make_logits(model, crop=crop, crops=crops),
        out_shardings=sharding.replicated(mesh),
        compiler_options=compilation.compiler_options(mesh),
    )


def predict_cells(
    predict: Predict,
    variables: Any,
    cells: Cells,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    description: str = 'predict',
) -> np.ndarray:
    """Logits of every cell, float32 [n, crops, k], in the order of the cells."""
    batches = predict_batches(predict, variables, cells, mesh, batch_size, description)
    return np.concatenate(list(batches))


def predict_batches(
    predict: Predict,
    variables: Any,
    cells: Cells,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    description: str = 'predict',
) -> Iterator[np.ndarray]:
    """Logits of the cells, float32 [b, crops, k] a batch, without the padding."""
    batches: Iterable[Any] = eval_batches(cells, batch_size, mesh)
    left = len(cells)
    total = -(-left // batch_size)
    for batch in progress_bar(batches, total, description, unit='batch'):
        yield np.asarray(predict(variables, batch['image']))[:left]
        left -= batch_size
