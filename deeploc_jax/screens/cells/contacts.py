"""Pieces that touch are measured: how narrow their neck is, how alike they are."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float, Float32, Int, Int32
from scipy import ndimage

from deeploc_jax.screens.cells.pieces import quantile_of

MOST = 5  # neighbors of a piece that are told apart from more
NUCLEUS_SMOOTHING = 1 / 25  # diameters


@dataclasses.dataclass(frozen=True)
class Contacts:
    """Pairs of pieces that touch.

    Attributes:
        small: Label [n] of the thinner piece of each pair.
        large: Label [n] of the other.
        measures: Measures [n] of each pair by name: see `find_contacts`.
    """

    small: Int[np.ndarray, ' n']
    large: Int[np.ndarray, ' n']
    measures: dict[str, Float[np.ndarray, ' n']]

    def __len__(self) -> int:
        return len(self.small)


def find_contacts(
    pieces: Int32[np.ndarray, 'h w'],
    depth: Float32[np.ndarray, 'h w'],
    nuclei: Float32[np.ndarray, 'h w'] | None,
    diameter: float,
) -> Contacts:
    """Finds and measures all pairs of pieces that touch.

    Measures, all without unit: `neck` (half width of the contact over that of the small
    piece), `size` (half width of the small piece over that of the large one),
    `neighbors_small` and `neighbors_large` (numbers of pieces that touch each),
    `ellipse` (area of both over that of the ellipse with their moments: 1 for a round
    cell, less for two in a row). With nuclei, logarithms of the nuclear light over that
    of the cytoplasm: `poorer` and `richer` (in the pieces with less and more of it),
    `between` (brightest pixel of the contact: a septin ring or a dividing nucleus).

    Args:
        pieces: Label image [h, w].
        depth: Distance [h, w] of each pixel from the edge of its region.
        nuclei: Nuclear channel [h, w], None when there is none.
        diameter: Usual diameter of a cell in pixels.
    """
    count = int(pieces.max(initial=0)) + 1
    pairs, pixels = _touching_pixels(pieces)
    keys, owner = np.unique(pairs[:, 0] * count + pairs[:, 1], return_inverse=True)
    first, second = keys // count, keys % count
    width = np.maximum(_largest(depth, pieces, count), 1e-6)
    first_is_small = width[first] < width[second]
    small = np.where(first_is_small, first, second)
    large = first + second - small
    saddle = np.zeros(len(keys))
    np.maximum.at(saddle, owner, depth.ravel()[pixels].min(axis=1))
    touching = np.bincount(np.r_[first, second], minlength=count).clip(max=MOST)
    measures = dict(
        neck=saddle / width[small],
        size=width[small] / width[large],
        neighbors_small=touching[small].astype(np.float64),
        neighbors_large=touching[large].astype(np.float64),
        ellipse=_ellipse_share(pieces, count, first, second),
    )
    if nuclei is not None:
        contrast, light, middle = _nuclear_contrast(pieces, nuclei, diameter)
        between = np.zeros(len(keys))
        np.maximum.at(between, owner, light.ravel()[pixels].max(axis=1))
        lower = np.minimum(middle[first], middle[second])
        measures |= dict(
            poorer=np.minimum(contrast[first], contrast[second]),
            richer=np.maximum(contrast[first], contrast[second]),
            between=np.log(np.maximum(between, 1) / lower),
        )
    return Contacts(small, large, measures)


def _touching_pixels(
    pieces: Int32[np.ndarray, 'h w'],
) -> tuple[Int[np.ndarray, 'm 2'], Int[np.ndarray, 'm 2']]:
    """Labels of neighboring pixels that differ, lower one first, and their places."""
    place = np.arange(pieces.size).reshape(pieces.shape)
    found = []
    for one, other in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[1:], np.s_[:-1]),
    ):
        a, b = pieces[one], pieces[other]
        meet = (a != b) & (a > 0) & (b > 0)
        found.append((a[meet], b[meet], place[one][meet], place[other][meet]))
    a, b, i, j = (np.concatenate(part) for part in zip(*found, strict=True))
    labels = np.sort(np.stack([a, b], axis=1).astype(np.int64), axis=1)
    return labels, np.stack([i, j], axis=1)


def _largest(
    depth: Float32[np.ndarray, 'h w'], pieces: Int32[np.ndarray, 'h w'], count: int
) -> Float[np.ndarray, ' c']:
    largest = np.zeros(count)
    inside = pieces > 0
    np.maximum.at(largest, pieces[inside], depth[inside])
    return largest


def _ellipse_share(
    pieces: Int32[np.ndarray, 'h w'],
    count: int,
    first: Int[np.ndarray, ' n'],
    second: Int[np.ndarray, ' n'],
) -> Float[np.ndarray, ' n']:
    """Area of two pieces together over that of the ellipse with their moments."""
    y, x = (part.astype(np.float64) for part in np.nonzero(pieces))
    owner = pieces[pieces > 0]
    weights = (np.ones_like(x), x, y, x * x, y * y, x * y)
    moments = np.stack([np.bincount(owner, w, count) for w in weights])
    area, x, y, xx, yy, xy = moments[:, first] + moments[:, second]
    x, y = x / area, y / area
    # 1/12: a pixel is a square, not a point.
    xx, yy = xx / area - x * x + 1 / 12, yy / area - y * y + 1 / 12
    xy = xy / area - x * y
    return area / (4 * np.pi * np.sqrt(np.maximum(xx * yy - xy * xy, 1e-6)))


def _nuclear_contrast(
    pieces: Int32[np.ndarray, 'h w'],
    nuclei: Float32[np.ndarray, 'h w'],
    diameter: float,
) -> tuple[
    Float[np.ndarray, ' c'], Float32[np.ndarray, 'h w'], Float[np.ndarray, ' c']
]:
    """Log of nucleus over cytoplasm of each piece, nuclear light, and cytoplasm."""
    light = ndimage.gaussian_filter(nuclei, NUCLEUS_SMOOTHING * diameter)
    outside = light[pieces == 0]
    light = light - (np.median(outside) if outside.size else light.min())
    middle = np.maximum(quantile_of(light, pieces, 0.4), 1)
    bright = np.maximum(quantile_of(light, pieces, 0.97), 1)
    return np.log(bright / middle), light, middle
