"""What is brighter than the background is cut at every neck."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from scipy import ndimage
from skimage import segmentation

EDGE = 0.35  # of a cell's light: where it ends
HOLE = 0.12  # area of the largest hole in a cell, such as a vacuole, in cells
SEARCH = 1 / 4  # diameters between two peaks of light
CORES = 1 / 8  # diameters between two middles of pieces
SMOOTHING = 1 / 25  # diameters


def cut_pieces(
    light: Float32[np.ndarray, 'h w'], least: float, diameter: float
) -> tuple[Int32[np.ndarray, 'h w'], Float32[np.ndarray, 'h w']]:
    """Cuts bright regions into pieces, at most one for each cell or bud.

    Cells of a field differ tenfold in brightness. A cell therefore ends where the light
    has fallen to a share of its own, not at one value for the whole field.

    Args:
        light: Light above the background [h, w].
        least: The least light of a cell.
        diameter: Usual diameter of a cell in pixels.

    Returns:
        Label image [h, w] of the pieces, 0 between them; and the distance [h, w] to the
        edge of the region that a pixel lies in, in pixels.

    References:
        Meyer & Beucher 1990, J. Vis. Commun. Image Represent. 1:21: watershed.
    """
    bright = light > least
    broad = ndimage.gaussian_filter(light, diameter / 8)
    around = _flood(broad, bright, SEARCH * diameter)
    cells = bright & (light > EDGE * quantile_of(light, around, 0.75)[around])
    cells = _fill_holes(cells, HOLE * np.pi / 4 * diameter**2)
    depth = depth_of(cells, diameter)
    return _flood(depth, cells, CORES * diameter), depth


def depth_of(
    cells: Bool[np.ndarray, 'h w'], diameter: float
) -> Float32[np.ndarray, 'h w']:
    """Distance [h, w] of each pixel to the edge of its region, slightly smoothed."""
    depth = np.asarray(ndimage.distance_transform_edt(cells), np.float32)
    return ndimage.gaussian_filter(depth, SMOOTHING * diameter) * cells


def quantile_of(
    values: Float32[np.ndarray, 'h w'], labels: Int32[np.ndarray, 'h w'], share: float
) -> Float[np.ndarray, ' c']:
    """A quantile of the values in each label; that of label 0 is 0."""
    inside = labels > 0
    owner, own = labels[inside], values[inside]
    order = np.lexsort((own, owner))
    count = np.bincount(owner, minlength=int(labels.max(initial=0)) + 1)
    first = count.cumsum() - count
    place = np.minimum(first + (count * share).astype(np.int64), len(own) - 1)
    found = own[order][place] if len(own) else np.zeros(1)
    return np.where(count > 0, found, 0).astype(np.float64)


def _flood(
    height: Float32[np.ndarray, 'h w'], where: Bool[np.ndarray, 'h w'], distance: float
) -> Int32[np.ndarray, 'h w']:
    """Watershed from the peaks of a landscape that are this far from higher ground."""
    size = 2 * max(int(distance), 1) + 1
    peaks = where & (height == ndimage.maximum_filter(height, size))
    seeds, _ = ndimage.label(peaks, np.ones((3, 3)))
    return segmentation.watershed(-height, seeds, mask=where).astype(np.int32)


def _fill_holes(
    cells: Bool[np.ndarray, 'h w'], largest: float
) -> Bool[np.ndarray, 'h w']:
    holes, _ = ndimage.label(~cells)
    small = np.bincount(holes.ravel()) < largest
    small[0] = False
    return cells | small[holes]
