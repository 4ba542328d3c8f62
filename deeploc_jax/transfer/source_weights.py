"""The weights of a trained network as the start of a network for other classes."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import traverse_util


def head_names(model: nn.Module, image_shape: tuple[int, ...]) -> set[str]:
    """Names of the layers whose size depends on the number of classes."""
    shapes = [
        _shapes(model.clone(num_classes=k), image_shape)['params'] for k in (2, 3)
    ]
    return {
        name
        for name in shapes[0]
        if any(
            a.shape != b.shape
            for a, b in zip(*(jax.tree.leaves(s[name]) for s in shapes), strict=True)
        )
    }


def transferred(
    source: dict[str, Any], fresh: dict[str, Any], heads: set[str]
) -> dict[str, Any]:
    """The source's arrays, but fresh ones in the layers of the classes.

    Args:
        source: Variables of a network for other classes.
        fresh: Initial variables of the network for the new classes.
        heads: Names of the layers of the classes, from `head_names`.

    Raises:
        ValueError: A layer has another shape in the source, which saw other channels
            or other crops; it is named.

    References:
        Kraus et al. 2017: all layers but the last are restored.
    """
    old: dict[Any, Any] = traverse_util.flatten_dict(source)
    new: dict[Any, Any] = traverse_util.flatten_dict(fresh)
    for path in new:
        if path[1] in heads:
            continue
        if path not in old or old[path].shape != new[path].shape:
            found = old[path].shape if path in old else 'absent'
            raise ValueError(
                f'{"/".join(path)} is {found} in the source, but {new[path].shape} for '
                'the target: take as many channels, and crops of the same size.'
            )
        new[path] = old[path]
    return traverse_util.unflatten_dict(new)


def _shapes(model: nn.Module, image_shape: tuple[int, ...]) -> Any:
    image = jnp.zeros((1, *image_shape), jnp.float32)
    return jax.eval_shape(
        lambda: dict(model.init(jax.random.key(0), image, train=False))
    )
