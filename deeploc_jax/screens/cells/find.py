"""The cells of a field are found, without any other program."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32

from deeploc_jax.screens.cells.background import light_above_background
from deeploc_jax.screens.cells.blocks import average_blocks, block_side, spread_blocks
from deeploc_jax.screens.cells.contacts import find_contacts
from deeploc_jax.screens.cells.doubtful import drop_doubtful
from deeploc_jax.screens.cells.joining import join_pieces
from deeploc_jax.screens.cells.options import CellOptions
from deeploc_jax.screens.cells.pieces import cut_pieces
from deeploc_jax.screens.cells.spread import grow_from_nuclei
from deeploc_jax.screens.cells.transmitted import cut_inside_lines
from deeploc_jax.screens.fields.field import BadFieldError, FieldImage


def find_cells(image: FieldImage, options: CellOptions) -> Int32[np.ndarray, 'h w']:
    """Finds the cells of a field.

    Args:
        image: The field.
        options: Channels, sizes and what becomes of buds and of cells at the edge.

    Returns:
        Label image [h, w]: 1 to n for the cells, each in one piece, 0 between them. A
        field without cells has only 0.

    Raises:
        BadFieldError: A channel that `options` names is not there, or has pixels that
            are not numbers.
    """
    diameter = options.diameter_in(image.pixel_size)
    # Nuclei are small, and cells of any form were never compared with a truth.
    side = 1 if options.form == 'spread' else block_side(diameter)
    marker = _plane(image, options.marker or image.channels[0], side)
    nuclei = _plane(image, options.nuclei, side) if options.nuclei else None
    labels = _find(marker, nuclei, options, diameter / side)
    low, high = (area / side**2 for area in options.areas_in(image.pixel_size))
    labels = _keep(labels, low, high, options.border == 'drop')
    height, width = image.pixels.shape[:2]
    return spread_blocks(labels, side, (height, width))


def _find(
    marker: Float32[np.ndarray, 'r c'],
    nuclei: Float32[np.ndarray, 'r c'] | None,
    options: CellOptions,
    diameter: float,
) -> Int32[np.ndarray, 'r c']:
    """All cells, of whatever size, with the diameter in blocks."""
    if nuclei is not None and options.form == 'spread':
        return grow_from_nuclei(marker, nuclei, diameter)
    if options.light == 'transmitted':
        pieces, depth = cut_inside_lines(marker, diameter)
        return _join(pieces, depth, nuclei, options, diameter)
    light, least = light_above_background(marker, diameter)
    pieces, depth = cut_pieces(light, least, diameter)
    labels = _join(pieces, depth, nuclei, options, diameter)
    return drop_doubtful(labels, light, diameter)


def _join(
    pieces: Int32[np.ndarray, 'r c'],
    depth: Float32[np.ndarray, 'r c'],
    nuclei: Float32[np.ndarray, 'r c'] | None,
    options: CellOptions,
    diameter: float,
) -> Int32[np.ndarray, 'r c']:
    contacts = find_contacts(pieces, depth, nuclei, diameter)
    return join_pieces(pieces, contacts, options.buds)


def _keep(
    labels: Int32[np.ndarray, 'r c'], low: float, high: float, drop_border: bool
) -> Int32[np.ndarray, 'r c']:
    """Keeps the cells with an area from low to high, and numbers them anew."""
    area = np.bincount(labels.ravel())
    kept = (area >= low) & (area <= high)
    kept[0] = False
    if drop_border:
        edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
        kept[np.unique(np.concatenate(edges))] = False
    return np.where(kept, kept.cumsum(), 0).astype(np.int32)[labels]


def _plane(image: FieldImage, channel: str, side: int) -> Float32[np.ndarray, 'r c']:
    """Means of a channel over blocks of pixels."""
    if channel not in image.channels:
        raise BadFieldError(
            f'channel {channel} is not among {", ".join(image.channels)}; name one of '
            'them as marker or nuclei'
        )
    plane = image.pixels[..., image.channels.index(channel)]
    if plane.dtype.kind == 'f' and not np.isfinite(plane).all():
        raise BadFieldError(f'channel {channel} has pixels that are NaN or infinite')
    return average_blocks(plane, side)
