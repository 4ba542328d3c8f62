"""3x3 convolutions and 2x2 max pooling that are fast on every platform.

XLA's own convolutions are right for GPUs and TPUs; on CPUs their kernel gradient takes
three times as long as it has to. Numbers agree up to rounding, parameters exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from deeploc_jax.models.winograd import winograd_conv

FEW_CHANNELS = 8
"""Fewer input channels than this leave Winograd's matrix products too thin."""

_NHWC = lax.ConvDimensionNumbers((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2))


def conv3x3(
    lhs: jax.Array,
    rhs: jax.Array,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> jax.Array:
    """`jax.lax.conv_general_dilated`, faster on CPUs for 3x3 kernels.

    Plain 3x3 convolutions (stride 1, SAME, NHWC and HWIO, no dilation, no groups,
    float32 or bfloat16) of a program lowered for a CPU are computed in float32 by
    matrix products; all else is XLA's convolution. Differentiable in reverse mode only.

    Args:
        lhs: [b, h, w, c].
        rhs: [3, 3, c, features].
        window_strides: As of `jax.lax.conv_general_dilated`, like all that follow.

    Returns:
        [b, h, w, features], of the dtype of `lhs`.

    Example:
        >>> nn.Conv(64, (3, 3), conv_general_dilated=conv3x3)(images)
    """
    native = partial(
        lax.conv_general_dilated,
        window_strides=window_strides,
        padding=padding,
        lhs_dilation=lhs_dilation,
        rhs_dilation=rhs_dilation,
        dimension_numbers=dimension_numbers,
        feature_group_count=feature_group_count,
        batch_group_count=batch_group_count,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )
    if not (_is_plain(native.keywords) and _fits(lhs, rhs, native.keywords)):
        return native(lhs, rhs)
    fast = im2col_conv if lhs.shape[-1] < FEW_CHANNELS else winograd_conv
    return lax.platform_dependent(lhs, rhs, cpu=fast, default=native)


def im2col_conv(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """A 3x3 convolution (stride 1, SAME) of few channels as one matrix product.

    Args:
        x: [b, h, w, c]; the windows of all pixels are held at once, 9 times its size.
        kernel: [3, 3, c, features].

    Returns:
        [b, h, w, features], of the dtype of `x`.
    """
    _, h, w, _ = x.shape
    padded = jnp.pad(x.astype(jnp.float32), [(0, 0), (1, 1), (1, 1), (0, 0)])
    shifted = [padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)]
    weights = kernel.astype(jnp.float32).reshape(-1, kernel.shape[-1])
    return (jnp.concatenate(shifted, axis=-1) @ weights).astype(x.dtype)


def max_pool_2x2(x: jax.Array) -> jax.Array:
    """The maximum of each 2x2 window, two apart, SAME padding (60-30-15-8).

    A maximum of four strided slices: its gradient takes an eighth of the time that
    XLA's window reduction takes on CPUs. Equal maxima share the gradient.

    Args:
        x: [b, h, w, c], floating point.

    Returns:
        [b, ceil(h / 2), ceil(w / 2), c].
    """
    _, h, w, _ = x.shape
    fill = [(0, 0), (0, h % 2), (0, w % 2), (0, 0)]
    x = jnp.pad(x, fill, constant_values=-jnp.inf)
    rows = jnp.maximum(x[:, ::2], x[:, 1::2])
    return jnp.maximum(rows[:, :, ::2], rows[:, :, 1::2])


def _is_plain(options: dict[str, Any]) -> bool:
    """Whether stride, padding, dilation and groups are the ordinary ones."""
    padding = options['padding']
    if not isinstance(padding, str):
        padding = 'SAME' if [tuple(p) for p in padding] == [(1, 1)] * 2 else 'other'
    return (
        padding.upper() == 'SAME'
        and tuple(options['window_strides']) == (1, 1)
        and tuple(options['lhs_dilation'] or (1, 1)) == (1, 1)
        and tuple(options['rhs_dilation'] or (1, 1)) == (1, 1)
        and options['feature_group_count'] == options['batch_group_count'] == 1
    )


def _fits(lhs: jax.Array, rhs: jax.Array, options: dict[str, Any]) -> bool:
    """Whether layout, shapes and dtypes are those of the fast convolutions."""
    layout = lax.conv_dimension_numbers(
        lhs.shape, rhs.shape, options['dimension_numbers']
    )
    return (
        layout == _NHWC
        and rhs.shape[:3] == (3, 3, lhs.shape[3])
        and lhs.dtype == rhs.dtype
        and lhs.dtype in (jnp.float32, jnp.bfloat16)
        and options['preferred_element_type'] in (None, lhs.dtype)
        and lhs.size > 0
    )
