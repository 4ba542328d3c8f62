"""Attributes the score of a class to the pixels of a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float32, Int32

Attribution = Callable[[Any, jax.Array, jax.Array], jax.Array]
"""`(variables, images [b, s, s, c], classes [b]) -> attribution [b, s, s, c or 1]`."""
STEPS = 32
"""Points on the way from the black image, at which the gradient is taken."""


def make_integrated_gradients(model: nn.Module, side: int) -> Attribution:
    """Makes the pure function of integrated gradients, by pixel and channel.

    The gradient of the logit is averaged on the straight way from a black image, and
    multiplied by the pixel. Over all pixels and channels they add up to the difference
    between the logits of the image and of the black one, but for the steps.

    Args:
        model: The network.
        side: Side of the images in pixels; any will do.

    References:
        Sundararajan et al. 2017, Axiomatic Attribution for Deep Networks, eq. 3.
    """
    del side

    def attribution(
        variables: Any, images: Float32[Array, 'b s s c'], classes: Int32[Array, ' b']
    ) -> Float32[Array, 'b s s c']:
        slope = jax.grad(lambda x: logits_of(model, variables, x, classes).sum())

        def add(total: jax.Array, share: jax.Array) -> tuple[jax.Array, None]:
            return total + slope(share * images), None

        shares = (jnp.arange(STEPS) + 0.5) / STEPS
        total, _ = jax.lax.scan(add, jnp.zeros_like(images), shares)
        return images * total / STEPS

    return attribution


def make_grad_cam(model: nn.Module, side: int) -> Attribution:
    """Makes the pure function of Grad-CAM, by pixel: where the last maps speak for it.

    The maps of the last convolution are added up, each weighted by the mean gradient of
    the logit; what is negative counts as 0.

    Args:
        model: The network.
        side: Side of the images in pixels.

    References:
        Selvaraju et al. 2017, Grad-CAM, eq. 1 and 2.
    """

    def attribution(
        variables: Any, images: Float32[Array, 'b s s c'], classes: Int32[Array, ' b']
    ) -> Float32[Array, 'b s s 1']:
        last, shape = last_maps(model, variables, images)

        def logits(shift: jax.Array) -> tuple[jax.Array, jax.Array]:
            seen: list[jax.Array] = []

            def add(call: Any, args: Any, options: Any, context: Any) -> Any:
                found = call(*args, **options)
                if _is_call(context, last):
                    seen.append(found)
                    return found + shift
                return found

            with nn.intercept_methods(add):
                found = logits_of(model, variables, images, classes)
            return found.sum(), seen[-1]

        slopes, maps = jax.grad(logits, has_aux=True)(jnp.zeros(shape, jnp.float32))
        weights = slopes.mean((1, 2), keepdims=True)
        heat = nn.relu((weights * maps).sum(-1))
        return jax.image.resize(heat, (len(images), side, side), 'linear')[..., None]

    return attribution


def logits_of(
    model: nn.Module,
    variables: Any,
    images: Float32[Array, 'b s s c'],
    classes: Int32[Array, ' b'],
) -> Float32[Array, ' b']:
    """The logit of one class for each image."""
    found: Any = model.apply(variables, images, train=False)
    return jnp.take_along_axis(found[0], classes[:, None], 1)[:, 0]


def last_maps(
    model: nn.Module, variables: Any, images: Float32[Array, 'b s s c']
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Path of the last module that makes maps [b, h, w, f], and their shape.

    Raises:
        ValueError: No module of the network makes maps.
    """
    found: list[tuple[tuple[str, ...], tuple[int, ...]]] = []

    def watch(call: Any, args: Any, options: Any, context: Any) -> Any:
        made = call(*args, **options)
        path = context.module.path
        if path and _is_call(context, path) and getattr(made, 'ndim', 0) == 4:
            found.append((path, made.shape))
        return made

    with nn.intercept_methods(watch):
        jax.eval_shape(lambda: model.apply(variables, images, train=False))
    if not found:
        raise ValueError('The network has no convolution, which Grad-CAM needs.')
    return found[-1]


def _is_call(context: Any, path: tuple[str, ...]) -> bool:
    return context.module.path == path and context.method_name == '__call__'


ATTRIBUTIONS = {
    'integrated_gradients': make_integrated_gradients,
    'grad_cam': make_grad_cam,
}
"""Ways to attribute by name: functions of a network and the side of its images."""
