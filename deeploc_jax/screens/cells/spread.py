"""Cells of any form are grown from their nuclei."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int32
from scipy import ndimage
from skimage import segmentation

from deeploc_jax.screens.cells.background import light_above_background
from deeploc_jax.screens.cells.contacts import find_contacts
from deeploc_jax.screens.cells.doubtful import drop_doubtful
from deeploc_jax.screens.cells.joining import join_pieces
from deeploc_jax.screens.cells.mixture import fit_mixture
from deeploc_jax.screens.cells.pieces import cut_pieces

NUCLEUS = 0.5  # diameter of a nucleus over that of its cell
KINDS = 3  # background, dim cells and bright ones
LIGHT = 0.2  # diameters that a pixel is nearer when its light is e times that
SMALLEST = 0.25  # area of the smallest nucleus, in usual ones


def grow_from_nuclei(
    marker: Float32[np.ndarray, 'h w'],
    nuclei: Float32[np.ndarray, 'h w'],
    diameter: float,
) -> Int32[np.ndarray, 'h w']:
    """Grows a cell from each nucleus through the light of the marker.

    Args:
        marker: Channel [h, w] that fills cells.
        nuclei: Channel [h, w] in which nuclei are bright.
        diameter: Usual diameter of a cell in pixels.

    Returns:
        Label image [h, w].

    References:
        Nguyen & Wu 2012, IEEE Trans. Med. Imaging 31:103: background, cytoplasm and
        nucleus as a mixture of three Student t distributions.
    """
    seeds = _find_nuclei(nuclei, NUCLEUS * diameter)
    light, least = light_above_background(marker, diameter, KINDS)
    if not seeds.any():
        return seeds
    cells = (light > least) | (seeds > 0)
    far = np.asarray(ndimage.distance_transform_edt(seeds == 0)) / diameter
    # Near pixels first, and of those the bright ones, so that no cell floods the next.
    height = far - LIGHT * np.log(np.maximum(light / least, 1))
    return segmentation.watershed(height, seeds, mask=cells & (far < 1)).astype(
        np.int32
    )


def _find_nuclei(
    nuclei: Float32[np.ndarray, 'h w'], diameter: float
) -> Int32[np.ndarray, 'h w']:
    """Label image of the nuclei, those that touch cut at their necks."""
    light, least = light_above_background(nuclei, diameter)
    if not np.isfinite(least):
        return np.zeros(nuclei.shape, np.int32)
    values = light[light > least].astype(np.float64)
    if values.size and np.ptp(values) > 0:
        # What is above the background is cytoplasm, as the dye also binds there, or
        # a nucleus.
        least = max(least, fit_mixture(values, 2).threshold(0))
    pieces, depth = cut_pieces(light, least, diameter)
    contacts = find_contacts(pieces, depth, None, diameter)
    labels = join_pieces(pieces, contacts, 'apart')
    labels = drop_doubtful(labels, light, 2 * diameter)
    return np.where(_large(labels, SMALLEST * diameter**2)[labels], labels, 0)


def _large(labels: Int32[np.ndarray, 'h w'], area: float) -> Bool[np.ndarray, ' n']:
    large = np.bincount(labels.ravel()) >= area
    large[0] = False
    return large
