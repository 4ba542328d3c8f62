"""Uneven light is estimated from the fields of a plate and taken out of each of them.

A camera's gray value is its offset + lamp(x, y) * light of the specimen. The method is
retrospective, as CIDRE (Smith et al. 2015, Nat. Methods 12:404) and BaSiC (Peng et al.
2017, Nat. Commun. 8:14836) are: it needs no image of an empty slide. In every small
square of the field, the low quantile over many fields is light of the background alone,
however bright the cells are, as in some fields there is no cell. A quadratic surface is
fitted to its logarithm, with little weight for squares that deviate (Huber 1964).

The offset cannot be told from the background's light and must be given: without it the
lamp looks more even than it is, and is corrected in part only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from deeploc_jax.screens.fields.field import BadFieldError, Field, FieldImage

SQUARE = 16  # pixels a side; smaller where the field is small
QUANTILE = 0.1  # of the fields, in each square
LEVEL_QUANTILE = 0.25  # of the squares, which states a field's background
FEWEST, MOST = 8, 48  # fields
DISAGREEMENT = 0.05
"""Relative difference (rms) between the lamps of two halves of the fields: too much."""


@dataclasses.dataclass(frozen=True)
class Illumination:
    """The lamp of a plate, as few numbers as a digest or a JSON file can hold.

    Attributes:
        coefficients: Those of the quadratic surface of the lamp's logarithm for each
            channel; zeros where there is no correction.
        offset: Gray value of a dark pixel.
        notes: For each channel that is not corrected, the reason.
    """

    coefficients: tuple[tuple[float, ...], ...]
    offset: float
    notes: tuple[str, ...] = ()

    def lamp(self, shape: tuple[int, int]) -> np.ndarray:
        """Brightness of the lamp, 1 in the mean, float32 [h, w, c].

        Args:
            shape: Rows and columns of the field.
        """
        surface = np.exp(_terms(shape) @ np.array(self.coefficients).T)
        surface /= surface.mean(0)
        return surface.reshape(*shape, -1).astype(np.float32)


def fit_illumination(
    fields: Sequence[Field],
    read: Callable[[Field], FieldImage],
    camera_offset: float = 0.0,
    most: int = MOST,
) -> Illumination:
    """Estimates the lamp of a plate; one field at a time is in memory.

    Args:
        fields: Fields of one plate, in order.
        read: Reader of a field. Fields for which it raises BadFieldError are left out,
            and so are fields of another shape than the first.
        camera_offset: Gray value of a dark pixel.
        most: Number of fields, spread evenly over the plate, that are looked at.

    Returns:
        The lamp. A channel is not corrected, which `notes` says, where the plate has
        fewer than 8 readable fields, the background is not above the offset, or two
        halves of the fields disagree.
    """
    chosen = np.linspace(0, len(fields) - 1, min(most, len(fields))).round()
    levels, channels = [], next((tuple(f.planes) for f in fields), ())
    for index in chosen.astype(int):
        try:
            image = read(fields[index])
        except BadFieldError:
            continue
        channels, means = image.channels, _squares(image.pixels)
        if not levels or means.shape == levels[0].shape:
            levels.append(means)
    fits = [
        _fit([level[..., c] for level in levels], camera_offset)
        for c in range(len(channels))
    ]
    notes = tuple(
        f'{n}: {why}' for n, (_, why) in zip(channels, fits, strict=True) if why
    )
    return Illumination(tuple(found for found, _ in fits), camera_offset, notes)


def correct(image: FieldImage, illumination: Illumination) -> FieldImage:
    """The field as an even lamp would show it, float32.

    The mean brightness of the lamp is kept, and the camera's offset is left in. Where
    no channel has a correction, the field is returned as it is.
    """
    if not np.any(illumination.coefficients):
        return image
    offset = np.float32(illumination.offset)
    lamp = illumination.lamp((image.pixels.shape[0], image.pixels.shape[1]))
    pixels = (np.asarray(image.pixels, np.float32) - offset) / lamp + offset
    return dataclasses.replace(image, pixels=pixels)


def _squares(pixels: np.ndarray) -> np.ndarray:
    """Mean of each square of the field, float32 [r, s, c]."""
    height, width, channels = pixels.shape
    side = max(1, min(SQUARE, height // 12, width // 12))
    rows, columns = height // side, width // side
    cut = pixels[: rows * side, : columns * side].astype(np.float32)
    return cut.reshape(rows, side, columns, side, channels).mean((1, 3))


def _fit(levels: Sequence[np.ndarray], offset: float) -> tuple[tuple[float, ...], str]:
    """Coefficients of the lamp's logarithm, and why they are zeros, if they are.

    Args:
        levels: Mean gray value of each square of each field, [r, s].
        offset: Gray value of a dark pixel.
    """
    none = (0.0,) * 6
    if len(levels) < FEWEST:
        return none, f'{len(levels)} readable fields, {FEWEST} are needed'
    light = np.stack(levels) - offset
    background = np.quantile(light, LEVEL_QUANTILE, axis=(1, 2))
    if not (background > 0).all() or np.quantile(light, QUANTILE, 0).min() <= 0:
        return none, f'the background is not above the camera offset of {offset:g}'
    relative = light / background[:, None, None]
    terms = _terms((relative.shape[1], relative.shape[2]))
    halves = [terms @ _surface(relative[start::2], terms) for start in (0, 1)]
    difference = float(np.std(halves[0] - halves[1]))
    if difference > DISAGREEMENT:
        return none, f'two halves of the fields disagree by {difference:.0%}'
    return tuple(_surface(relative, terms).tolist()), ''


def _surface(relative: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Coefficients of the surface through the logarithm of the background, [6].

    Args:
        relative: Light of each square over its field's background, [f, r, s].
        terms: Terms of the surface, [r * s, 6].
    """
    low = np.log(np.maximum(np.quantile(relative, QUANTILE, axis=0), 1e-3)).ravel()
    weights = np.ones_like(low)
    for _ in range(10):  # converges in about five
        root = np.sqrt(weights)[:, None]
        found = np.linalg.lstsq(terms * root, low * root[:, 0], rcond=None)[0]
        errors = np.abs(low - terms @ found)
        scale = 1.345 * 1.4826 * np.median(errors) + 1e-9
        weights = 1 / np.maximum(1, errors / scale)
    return found


def _terms(shape: tuple[int, int]) -> np.ndarray:
    """1, x, y, x^2, y^2 and xy at each pixel; the longer side spans -1 to 1, [n, 6]."""
    sides = ((2 * np.arange(n) + 1 - n) / max(shape) for n in shape)
    y, x = (axis.ravel() for axis in np.meshgrid(*sides, indexing='ij'))
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)
