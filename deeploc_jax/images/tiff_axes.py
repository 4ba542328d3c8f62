"""What the axes of a TIFF are: images counted along one, height, width, channels."""

from __future__ import annotations

import dataclasses

from deeploc_jax.images.image_file import SAVE_ONE, ImageError

_UNDECLARED = 'IQ'  # tifffile's letters for pages of which the file says no more
_WORDS = {
    'Z': 'focal planes (axis Z)',
    'T': 'points in time (axis T)',
    '?': 'planes whose axes another file describes',
}


@dataclasses.dataclass(frozen=True)
class Axes:
    """How a TIFF's axes become those of an image.

    Attributes:
        order: Where the axes ([stack,] Y, X [, channels]) are in the file.
        stack: What the images of a declared stack are, or ''.
        count: Number of images, None where the file does not say what its axes are.
        channels: Number of channels declared, 1 without such an axis.
    """

    order: tuple[int, ...]
    stack: str
    count: int | None
    channels: int


def order_axes(axes: str, shape: tuple[int, ...]) -> Axes:
    """Orders the axes of a series, those of length one left out.

    Args:
        axes: A letter an axis, as tifffile has them: Y, X, C and S for channels and
            samples, I and Q where the file does not say, others for a stack.
        shape: Their lengths.

    Raises:
        ImageError: There is no single axis along which an index can count images.
    """
    stack = [axis for axis in axes if axis not in 'YXCS']
    if 'C' not in axes and all(axis in _UNDECLARED for axis in stack) and stack:
        return Axes(tuple(range(len(axes))), '', None, 1)
    lengths = dict(zip(axes, shape, strict=True))
    if len(stack) > 1 or not {'Y', 'X'} <= set(axes):
        found = ', '.join(f'{axis} ({n})' for axis, n in zip(axes, shape, strict=True))
        raise ImageError(
            f'has the axes {found}, and a column "index" can choose along one of them '
            f'only; {SAVE_ONE}'
        )
    if {'C', 'S'} <= set(axes):
        raise ImageError(
            f'has {lengths["C"]} channels (axis C), each a colour picture of '
            f'{lengths["S"]} samples (axis S); save grey channels'
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
