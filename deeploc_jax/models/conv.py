"""Computes 3x3 convolutions and 2x2 max pooling fast on CPUs, too.

XLA's own convolutions are made for GPUs and TPUs. On CPUs their kernel gradients are
slow, and Winograd's algorithm is faster forwards and backwards. The numbers agree up to
rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from deeploc_jax.models.winograd import winograd_conv

MIN_CHANNELS = 16
"""Matrix products with fewer rows or columns than this are no faster than XLA."""

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

    A plain 3x3 convolution (stride 1, SAME, NHWC and HWIO, no dilation or groups,
    float32 or bfloat16) of at least 16 channels in and out goes through Winograd's
    algorithm, in float32, where the program is lowered for a CPU. Everything else uses
    XLA's convolution, and so does every convolution of an export with a symbolic batch
    size. Plain convolutions are differentiable in reverse mode only, on every platform.

    Args:
        lhs: [b, h, w, c].
        rhs: [3, 3, c, features].
        window_strides: Strides; the meaning of this and all further arguments is that
            of `jax.lax.conv_general_dilated`.
        padding: 'SAME' or ((1, 1), (1, 1)) for the fast path.
        lhs_dilation: None or (1, 1) for the fast path.
        rhs_dilation: None or (1, 1) for the fast path.
        dimension_numbers: ('NHWC', 'HWIO', 'NHWC') for the fast path.
        feature_group_count: 1 for the fast path.
        batch_group_count: 1 for the fast path.
        precision: Precision of XLA's convolution; the fast path is always precise.
        preferred_element_type: None or the dtype of `lhs` for the fast path.

    Returns:
        [b, h, w, features], with the dtype of `lhs`.

    Examples:
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
    if _is_plain(lhs, rhs, native.keywords):
        return lax.platform_dependent(lhs, rhs, cpu=winograd_conv, default=native)
    return native(lhs, rhs)


def max_pool_2x2(x: Float[Array, 'b h w c']) -> Float[Array, 'b (h+1)//2 (w+1)//2 c']:
    """Takes the maximum of each 2x2 window, with stride 2 and SAME padding (15 to 8).

    It is computed as the maximum of four strided slices, whose gradient is several
    times faster on CPUs than that of XLA's window reduction. Equal maxima share the
    gradient.

    Args:
        x: [b, h, w, c], floating point.

    Returns:
        [b, ceil(h / 2), ceil(w / 2), c].
    """
    _, h, w, _ = x.shape
    fill = [(0, 0), (0, h % 2), (0, w % 2), (0, 0)]
    x = jnp.pad(x, fill, constant_values=-jnp.inf)
    a, b, c, d = (x[:, i::2, j::2] for i in (0, 1) for j in (0, 1))
    return jnp.maximum(jnp.maximum(a, b), jnp.maximum(c, d))


def _is_plain(lhs: jax.Array, rhs: jax.Array, options: dict[str, Any]) -> bool:
    """Whether Winograd's algorithm can compute a convolution."""
    padding = options['padding']
    same = [(1, 1), (1, 1)]
    steps = [options[k] for k in ('window_strides', 'lhs_dilation', 'rhs_dilation')]
    numbers = options['dimension_numbers']
    return (
        all(isinstance(n, int) for n in lhs.shape)  # b of an export may be a symbol
        and lax.conv_dimension_numbers(lhs.shape, rhs.shape, numbers) == _NHWC
        and rhs.shape[:3] == (3, 3, lhs.shape[3])
        and min(rhs.shape[2:]) >= MIN_CHANNELS
        and lhs.size > 0
        and lhs.dtype == rhs.dtype
        and lhs.dtype in (jnp.float32, jnp.bfloat16)
        and options['preferred_element_type'] in (None, lhs.dtype)
        and (padding == 'SAME' or [tuple(p) for p in padding] == same)
        and all(step is None or tuple(step) == (1, 1) for step in steps)
        and options['feature_group_count'] == options['batch_group_count'] == 1
    )
