"""Label images that another program made are read and checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int32

from deeploc_jax.images import ImageError, open_image
from deeploc_jax.screens.fields.field import BadFieldError


def read_labels(path: Path | str, shape: tuple[int, int]) -> Int32[np.ndarray, 'h w']:
    """Reads the label image of a field, as Cellpose, StarDist or ilastik save it.

    Args:
        path: TIFF, PNG or .npy with whole numbers: 0 between cells, and the same number
            in all pixels of a cell.
        shape: [h, w] of the field.

    Returns:
        The labels [h, w] as they are.

    Raises:
        BadFieldError: It cannot be read, has another size than the field, several
            channels, negative numbers or fractions.
    """
    try:
        with open_image(Path(path)) as file:
            labels = file.read(num_channels=1)[..., 0]
    except ImageError as error:
        raise BadFieldError(
            f'cannot be read as a label image: {error}', path
        ) from error
    if labels.shape != shape:
        raise BadFieldError(
            f'label image of {labels.shape[0]}x{labels.shape[1]} pixels, but the field '
            f'has {shape[0]}x{shape[1]}',
            path,
        )
    if labels.dtype.kind == 'f' and not (labels == np.rint(labels)).all():
        raise BadFieldError('has fractions: a label image has whole numbers', path)
    if labels.size and (labels.min() < 0 or labels.max() > np.iinfo(np.int32).max):
        raise BadFieldError(
            f'has numbers from {labels.min()} to {labels.max()}: labels are 0 or the '
            'number of a cell',
            path,
        )
    return labels.astype(np.int32)
