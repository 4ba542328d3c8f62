"""The cells of a field are found, without any other program."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32

from deeploc_jax.screens.cells.background import light_above_background
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
    marker = _plane(image, options.marker or image.channels[0])
    nuclei = _plane(image, options.nuclei) if options.nuclei else None
    if nuclei is not None and options.form == 'spread':
        labels = grow_from_nuclei(marker, nuclei, diameter)
    elif options.light == 'transmitted':
        labels = _join(*cut_inside_lines(marker, diameter), nuclei, options, diameter)
    else:
        light, least = light_above_background(marker, diameter)
        pieces, depth = cut_pieces(light, least, diameter)
        labels = _join(pieces, depth, nuclei, options, diameter)
        labels = drop_doubtful(labels, light, diameter)
    return keep_cells(labels, options, image.pixel_size)


def keep_cells(
    labels: Int32[np.ndarray, 'h w'], options: CellOptions, pixel_size: float | None
) -> Int32[np.ndarray, 'h w']:
    """Keeps the cells that have a size, and lie, as `options` say; numbers them anew.

    Args:
        labels: Label image [h, w].
        options: Sizes and border.
        pixel_size: Side of a pixel in micrometers, None when unknown.
    """
    low, high = options.areas_in(pixel_size)
    area = np.bincount(labels.ravel())
    kept = (area >= low) & (area <= high)
    kept[0] = False
    if options.border == 'drop':
        edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
        kept[np.unique(np.concatenate(edges))] = False
    return np.where(kept, kept.cumsum(), 0).astype(np.int32)[labels]


def _join(
    pieces: Int32[np.ndarray, 'h w'],
    depth: Float32[np.ndarray, 'h w'],
    nuclei: Float32[np.ndarray, 'h w'] | None,
    options: CellOptions,
    diameter: float,
) -> Int32[np.ndarray, 'h w']:
    contacts = find_contacts(pieces, depth, nuclei, diameter)
    return join_pieces(pieces, contacts, options.buds)


def _plane(image: FieldImage, channel: str) -> Float32[np.ndarray, 'h w']:
    if channel not in image.channels:
        raise BadFieldError(
            f'channel {channel} is not among {", ".join(image.channels)}; name one of '
            'them as marker or nuclei'
        )
    plane = image.pixels[..., image.channels.index(channel)].astype(np.float32)
    if not np.isfinite(plane).all():
        raise BadFieldError(f'channel {channel} has pixels that are NaN or infinite')
    return plane
