"""The cells of a field are found, without any other program."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int32
from scipy import ndimage
from skimage import feature, segmentation

from deeploc_jax.screens.cells.mixture import fit_mixture
from deeploc_jax.screens.cells.options import CellOptions
from deeploc_jax.screens.fields.field import BadFieldError, FieldImage

CLEAR = 8.0  # scales of the background that cells lie above it


def find_cells(image: FieldImage, options: CellOptions) -> Int32[np.ndarray, 'h w']:
    """Finds the cells of a field.

    Args:
        image: The field.
        options: Channels, sizes and what becomes of buds and of cells at the edge.

    Returns:
        Label image [h, w]: 1 to n for the cells, each in one piece, 0 between them. A
        field without cells has only 0.

    Raises:
        BadFieldError: A channel that `options` name is not there, or has pixels that
            are not numbers.
    """
    diameter = options.diameter_in(image.pixel_size)
    marker = _plane(image, options.marker)
    smooth = ndimage.gaussian_filter(marker, diameter / 35)
    cells = _above_background(smooth)
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(cells), 1.0)
    peaks = feature.peak_local_max(
        depth,
        min_distance=max(int(diameter / 3), 1),
        labels=cells.astype(np.int32),
        exclude_border=False,
    )
    seeds = np.zeros(cells.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = segmentation.watershed(-depth, seeds, mask=cells)
    return _keep(labels, options, image.pixel_size)


def _plane(image: FieldImage, channel: str) -> Float32[np.ndarray, 'h w']:
    """A channel by its name, or the protein channel for ''."""
    name = channel or image.channels[0]
    if name not in image.channels:
        raise BadFieldError(
            f'channel {name} is not among {", ".join(image.channels)}; name one of '
            'them as marker or nuclei'
        )
    plane = image.pixels[..., image.channels.index(name)].astype(np.float32)
    if not np.isfinite(plane).all():
        raise BadFieldError(f'channel {name} has pixels that are NaN or infinite')
    return plane


def _above_background(smooth: Float32[np.ndarray, 'h w']) -> Bool[np.ndarray, 'h w']:
    """Pixels that a mixture of two distributions does not count as background."""
    if np.ptp(smooth) == 0:
        return np.zeros(smooth.shape, bool)
    values = smooth.ravel()[::7].astype(np.float64)
    mixture = fit_mixture(values, 2)
    if mixture.means[1] - mixture.means[0] < CLEAR * mixture.scales[0]:
        return np.zeros(smooth.shape, bool)
    return smooth > mixture.threshold(0)


def _keep(
    labels: Int32[np.ndarray, 'h w'], options: CellOptions, pixel_size: float | None
) -> Int32[np.ndarray, 'h w']:
    """Numbers the cells that have a size as wished, and lie where they may, anew."""
    low, high = options.areas_in(pixel_size)
    area = np.bincount(labels.ravel())
    kept = (area >= low) & (area <= high)
    kept[0] = False
    if options.border == 'drop':
        edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
        kept[np.unique(np.concatenate(edges))] = False
    return np.where(kept, kept.cumsum(), 0).astype(np.int32)[labels]
