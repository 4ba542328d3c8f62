"""What is brighter than the background is cut at every neck."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from scipy import ndimage
from skimage import segmentation

EDGE = 0.35  # of a cell's light: where it ends
HOLE = 0.12  # area of the largest hole in a cell, such as a vacuole, in cells
COARSE = 12  # pixels along the diameter that show how bright a cell is
BROAD = 1 / 8  # diameters; standard deviation of what tells cells apart by their light
SEARCH = 1 / 4  # diameters between two peaks of that light
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
    cells = bright & (light > _edges(light, least, diameter))
    cells = _fill_holes(cells, HOLE * np.pi / 4 * diameter**2)
    depth = depth_of(cells, diameter)
    return _flood(depth, cells, CORES * diameter), depth


def depth_of(
    cells: Bool[np.ndarray, 'h w'], diameter: float
) -> Float32[np.ndarray, 'h w']:
    """Distance [h, w] of each pixel to the edge of its region, slightly smoothed."""
    depth = np.zeros(cells.shape, np.float32)
    regions, _ = ndimage.label(cells)
    # The nearest edge is that of the own region: a box around it is all that counts.
    for number, box in enumerate(ndimage.find_objects(regions), start=1):
        box = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
        own = regions[box] == number
        depth[box] += np.asarray(ndimage.distance_transform_edt(own), np.float32)
    return ndimage.gaussian_filter(depth, SMOOTHING * diameter) * cells


def quantile_of(
    values: Float32[np.ndarray, 'h w'], labels: Int32[np.ndarray, 'h w'], share: float
) -> Float[np.ndarray, ' c']:
    """A quantile of the values in each label; that of label 0 is 0."""
    inside = labels > 0
    count = np.bincount(labels[inside], minlength=int(labels.max(initial=0)) + 1)
    if not inside.any():
        return np.zeros(1)
    own = values[inside].astype(np.float64)
    low, high = own.min(), own.max()
    # One sort of one number each: the label before the point, the value behind it.
    keys = np.sort(labels[inside] + 0.999 * (own - low) / max(high - low, 1e-30))
    place = count.cumsum() - count + (count * share).astype(np.int64)
    found = keys[np.minimum(place, len(keys) - 1)] % 1 / 0.999
    return np.where(count > 0, low + found * (high - low), 0)


def _edges(
    light: Float32[np.ndarray, 'h w'], least: float, diameter: float
) -> Float32[np.ndarray, 'h w']:
    """Light at which the cell around each pixel ends, from as many as it takes."""
    step = max(int(diameter / COARSE), 1)
    coarse, diameter = light[::step, ::step], diameter / step
    broad = ndimage.gaussian_filter(coarse, BROAD * diameter)
    around = _flood(broad, coarse > least, SEARCH * diameter)
    edges = (EDGE * quantile_of(coarse, around, 0.75)).astype(np.float32)
    edges[0] = np.inf
    edge = edges[around]
    return edge.repeat(step, 0).repeat(step, 1)[: light.shape[0], : light.shape[1]]


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
