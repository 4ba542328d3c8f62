"""Cells are measured: place, size, form, and the light in each channel."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Int32, Shaped

from deeploc_jax.screens.cells.between import background_light, median
from deeploc_jax.screens.fields.field import FieldImage

EVERY = 2  # rows and columns of which one is looked at for the background


def measure_cells(
    labels: Int32[np.ndarray, 'h w'], image: FieldImage
) -> dict[str, np.ndarray]:
    """Measures each cell of a label image, in the order of their numbers.

    Args:
        labels: Label image [h, w]: number of the cell in each pixel, 0 for none.
        image: The field.

    Returns:
        Columns [n], lengths in pixels: `cell` (its number), `x` and `y` (center),
        `area`, `major_axis` and `minor_axis` (of the ellipse with the same second
        moments), `orientation` (of the major axis, degrees counterclockwise from the
        horizontal, above -90 and up to 90), `border` (whether the cell touches the edge
        of the field), and for each channel `mean_`, `integrated_` (sum) and
        `corrected_` (mean above the median of the background around the cell, of which
        every second row and column is looked at). Where a field has no background,
        `corrected_` is NaN.
    """
    places = np.flatnonzero(labels)  # of the pixels in cells, a small part of all
    numbers, owner = _number(labels.ravel()[places])
    dense = np.zeros(labels.shape, np.int32)
    dense.ravel()[places] = owner
    edges = (dense[0], dense[-1], dense[:, 0], dense[:, -1])
    border = np.isin(np.arange(1, len(numbers) + 1), np.concatenate(edges))
    columns: dict[str, np.ndarray] = {'cell': numbers.astype(np.int32)}
    columns |= _measure_form(places, owner, labels.shape[1]) | {'border': border}
    area = columns['area'].astype(np.float64)
    coarse, pixels = (whole[::EVERY, ::EVERY] for whole in (dense, image.pixels))
    below = background_light(coarse, pixels, len(numbers))
    for index, channel in enumerate(image.channels):
        light = image.pixels[..., index].ravel()[places]
        total = np.bincount(owner, light, len(numbers) + 1)[1:].astype(np.float64)
        columns |= _light(channel, total, area, below[:, index])
    return columns


def measure_centers(
    x: Float[np.ndarray, ' n'],
    y: Float[np.ndarray, ' n'],
    image: FieldImage,
    radius: float,
) -> dict[str, np.ndarray]:
    """Measures cells of which only the center is known.

    Args:
        x: Centers [n] in pixels from the left.
        y: Centers [n] in pixels from the top.
        image: The field.
        radius: Radius in pixels of the disc whose light stands for the cell's.

    Returns:
        The columns of `measure_cells`. What needs an outline (area, axes, orientation,
        and `integrated_`) is NaN; `corrected_` is the mean above the median of every
        second row and column of the whole field; `border` says whether the disc
        reaches beyond the field.
    """
    reach = int(np.ceil(radius))
    disc = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= radius
    planes = np.moveaxis(image.pixels, -1, 0)
    area, total = np.zeros(len(x)), np.zeros((len(x), len(planes)))
    starts = np.rint([y, x]).astype(np.int64).T - reach
    for number, start in enumerate(starts):
        lost = np.maximum(-start, 0)  # rows and columns beyond the field
        (top, left), (low, right) = start + lost, np.maximum(start + len(disc), 0)
        seen = planes[:, top:low, left:right]
        inside = disc[lost[0] :, lost[1] :][: seen.shape[1], : seen.shape[2]]
        area[number] = np.count_nonzero(inside)
        total[number] = [plane[inside].sum(dtype=np.float64) for plane in seen]
    columns: dict[str, np.ndarray] = {'cell': np.arange(1, len(x) + 1, dtype=np.int32)}
    columns |= {'x': x.astype(np.float32), 'y': y.astype(np.float32)}
    unknown = np.full(len(x), np.nan, np.float32)
    columns |= dict.fromkeys(('area', 'major_axis', 'minor_axis'), unknown)
    columns |= {'orientation': unknown, 'border': area < disc.sum()}
    for index, channel in enumerate(image.channels):
        plane = image.pixels[..., index]
        below = np.full(len(x), median(plane[::EVERY, ::EVERY]))
        columns |= _light(channel, total[:, index], area, below)
        columns[f'integrated_{channel}'] = unknown
    return columns


def _light(
    channel: str,
    total: Float[np.ndarray, ' n'],
    area: Float[np.ndarray, ' n'],
    below: Float[np.ndarray, ' n'],
) -> dict[str, np.ndarray]:
    mean = np.divide(total, area, out=np.full(len(area), np.nan), where=area > 0)
    return {
        f'mean_{channel}': mean.astype(np.float32),
        f'integrated_{channel}': total.astype(np.float32),
        f'corrected_{channel}': (mean - below).astype(np.float32),
    }


def _number(
    labels: Shaped[np.ndarray, ' m'],
) -> tuple[Shaped[np.ndarray, ' n'], Int[np.ndarray, ' m']]:
    """The numbers of all cells, and for each pixel which of them it has, from 1."""
    numbers = np.unique(labels)  # its own inverse would sort every pixel
    return numbers, np.searchsorted(numbers, labels) + 1


def _measure_form(
    places: Int[np.ndarray, ' m'], owner: Int[np.ndarray, ' m'], width: int
) -> dict[str, np.ndarray]:
    """Center, area and axes of each cell from the moments of its pixels."""
    rows, across = np.divmod(places, width)

    def total(weights: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(owner, weights)[1:].astype(np.float64)

    area = total()
    x, y = total(across) / area, total(rows) / area
    right, down = across - np.r_[0, x][owner], rows - np.r_[0, y][owner]
    xx, yy = total(right**2) / area, total(down**2) / area
    xy = total(right * down) / area
    middle, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    values = dict(
        x=x,
        y=y,
        area=area,
        major_axis=4 * np.sqrt(middle + spread),
        minor_axis=4 * np.sqrt(np.maximum(middle - spread, 0)),
        # 0 - 0, unlike -0, makes an upright cell 90 degrees and not -90.
        orientation=np.degrees(np.arctan2(0 - 2 * xy, xx - yy) / 2),
    )
    return {name: value.astype(np.float32) for name, value in values.items()}
