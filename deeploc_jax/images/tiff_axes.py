"""Interprets the axes of a TIFF: a stack of images, height, width and channels."""

from __future__ import annotations

import dataclasses

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_file import SAVE_ONE

_UNDECLARED = 'IQ'  # tifffile's letters for pages that the file does not explain
_WORDS = {
    'Z': 'focal planes (axis Z)',
    'T': 'points in time (axis T)',
    '?': 'planes whose axes another file describes',
}


@dataclasses.dataclass(frozen=True)
class Axes:
    """The axes of a TIFF in the order of an image.

    Attributes:
        order: Positions in the file of the axes ([stack,] Y, X [, channels]).
        stack: What a declared stack consists of, or ''.
        count: Number of images, None where the file does not declare its axes.
        channels: Number of channels declared, 1 without such an axis.
    """

    order: tuple[int, ...]
    stack: str
    count: int | None
    channels: int


def squeeze_axes(axes: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Leaves out the axes of length one, except height and width.

    tifffile does so for some kinds of files, and for others not.

    Args:
        axes: One letter for each axis.
        shape: Lengths of the axes.
    """
    kept = [n for n, axis in enumerate(axes) if axis in 'YX' or shape[n] != 1]
    return ''.join(axes[n] for n in kept), tuple(shape[n] for n in kept)


def order_axes(axes: str, shape: tuple[int, ...]) -> Axes:
    """Orders the axes of a series.

    Args:
        axes: One letter for each axis that `squeeze_axes` keeps, as in tifffile: Y, X,
            C and S for channels and samples, I and Q where the file does not declare
            them, others for a stack.
        shape: Lengths of the axes.

    Raises:
        ImageError: There is no single axis along which an index can count images.
    """
    stack = [axis for axis in axes if axis not in 'YXCS']
    if 'C' not in axes and all(axis in _UNDECLARED for axis in stack) and stack:
        return Axes(tuple(range(len(axes))), '', None, 1)
    lengths = dict(zip(axes, shape, strict=True))
    if len(stack) > 1 or not {'Y', 'X'} <= set(axes):
        listed = ', '.join(f'{axis} ({n})' for axis, n in zip(axes, shape, strict=True))
        raise ImageError(
            f'has the axes {listed}, and an index chooses along one of them only; '
            f'{SAVE_ONE}'
        )
    if {'C', 'S'} <= set(axes):
        raise ImageError(
            f'has {lengths["C"]} channels (axis C), each a color picture of '
            f'{lengths["S"]} samples (axis S); save gray channels'
        )
    channels = [axis for axis in axes if axis in 'CS']
    order = [*stack, 'Y', 'X', *channels]
    return Axes(
        order=tuple(axes.index(axis) for axis in order),
        stack=''.join(
            _WORDS.get(axis, f'counted along the axis {axis}') for axis in stack
        ),
        count=lengths[stack[0]] if stack else 1,
        channels=lengths[channels[0]] if channels else 1,
    )
