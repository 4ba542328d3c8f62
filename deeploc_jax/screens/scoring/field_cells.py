"""A field becomes crops and measurements of its cells, or a reason why it does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32

from deeploc_jax.screens.cells import (
    CellOptions,
    cut_crops,
    find_cells,
    measure_cells,
    measure_centers,
    read_labels,
    save_outlines,
)
from deeploc_jax.screens.fields.field import BadFieldError, Field, FieldImage
from deeploc_jax.screens.fields.illumination import correct
from deeploc_jax.screens.fields.read import read_field
from deeploc_jax.screens.fields.resample import resample, resample_points
from deeploc_jax.screens.quality import field_quality
from deeploc_jax.screens.scoring.asked import Asked, Given
from deeploc_jax.screens.scoring.fingerprints import file_name
from deeploc_jax.tables.scored_cells import PLACE

SCORED, SET_ASIDE = 'scored', 'set_aside'


@dataclasses.dataclass(frozen=True)
class Cutting:
    """How cells are found, and what the network wants to see of them.

    Attributes:
        cells: How cells are found.
        channels: Channels of the network's input, in its order, by their names in the
            screen.
        side: Side of a crop in pixels.
        pixel_size: Side of the network's pixels in micrometers, None when unknown.
        outlines: Folder of pictures of the cells' outlines, None for none.
    """

    cells: CellOptions
    channels: tuple[str, ...]
    side: int
    pixel_size: float | None
    outlines: Path | None = None


@dataclasses.dataclass(frozen=True)
class FieldCells:
    """What a field gives.

    Attributes:
        field: The field.
        fingerprint: Fingerprint of the field before it was read.
        facts: Its row of `fields.parquet`.
        columns: A row for each of n cells: measurements, `cell` (its number), `border`.
        crops: Raw pixels [m, side, side, c] of the cells that are not at the border.
        passing: Whether it was set aside for a reason that may have passed the next
            time, such as a share that was away.
    """

    field: Field
    fingerprint: str
    facts: dict[str, Any]
    columns: dict[str, np.ndarray]
    crops: np.ndarray
    passing: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many `fields` this is, how many of them `set_aside`, how many `cells`."""
        unused = self.facts['status'] == SET_ASIDE
        return dict(fields=1, set_aside=int(unused), cells=len(self.scored))

    @property
    def scored(self) -> np.ndarray:
        """Which of the n cells have a crop, bool [n]."""
        return ~self.columns['border'] if self.columns else np.zeros(0, bool)


def read_field_cells(asked: Asked, cutting: Cutting) -> FieldCells:
    """Reads a field, finds and measures its cells and cuts them out.

    Args:
        asked: The field.
        cutting: How.
    """
    field, fingerprint = asked.field, asked.fingerprint()
    facts = {name: getattr(field, name) for name in (*PLACE, 'protein')}
    facts['file'] = str(next(iter(field.planes.values())).path)
    stage = 'read'
    try:
        raw = image = read_field(field)
        height, width = image.pixels.shape[:2]
        facts |= dict(height=height, width=width, pixel_size=image.pixel_size)
        facts['pixel_type'] = raw.pixels.dtype.name
        if asked.lamp:
            stage = 'light'
            image = correct(image, asked.lamp)
        stage = 'cells'
        labels = _find(image, asked.given, cutting.cells)
        facts |= field_quality(raw, labels)
        _draw(image, labels, field, cutting)
        columns = _measure(image, labels, asked.given, cutting.cells)
        stage = 'crops'
        crops, inside = _cut(image, columns, cutting, raw.pixels.dtype)
    except BadFieldError as error:
        facts |= dict(status=SET_ASIDE, stage=stage, reason=error.reason)
        if error.file:
            facts['file'] = error.file
        passing = isinstance(error.__cause__, OSError)
        return FieldCells(field, fingerprint, facts, {}, np.zeros(0), passing)
    except OSError:  # nothing of the field: the disk of the outlines is full
        raise
    except Exception as error:  # not foreseen: no reason to lose all other fields
        reason = f'unexpected {type(error).__name__}: {error}'
        facts |= dict(status=SET_ASIDE, stage=stage, reason=reason)
        return FieldCells(field, fingerprint, facts, {}, np.zeros(0), True)
    border = columns['border'] | ~inside
    facts |= dict(status=SCORED, n_cells=len(border), n_border=int(border.sum()))
    columns['border'] = border
    return FieldCells(field, fingerprint, facts, columns, crops[~border[inside]])


def _find(
    image: FieldImage, given: Given | None, options: CellOptions
) -> Int32[np.ndarray, 'h w']:
    """Cells as found here or by others; none where only centers are known."""
    shape = (image.pixels.shape[0], image.pixels.shape[1])
    if given is None:
        return find_cells(image, options)
    return read_labels(given.labels, shape) if given.labels else np.zeros(shape, 'i4')


def _measure(
    image: FieldImage, labels: np.ndarray, given: Given | None, options: CellOptions
) -> dict[str, np.ndarray]:
    if given is None or given.labels:
        return measure_cells(labels, image)
    radius = options.diameter_in(image.pixel_size) / 2
    return measure_centers(given.x, given.y, image, radius)


def _draw(
    image: FieldImage, labels: np.ndarray, field: Field, cutting: Cutting
) -> None:
    """Saves a picture of the cells' outlines in the marker, or else the protein."""
    if cutting.outlines and labels.any():
        shown = image.channels.index(cutting.cells.marker or image.channels[0])
        path = cutting.outlines / f'{file_name(field.name)}.png'
        save_outlines(path, labels, image.pixels[..., shown])


def _cut(
    image: FieldImage,
    columns: dict[str, np.ndarray],
    cutting: Cutting,
    saved: np.dtype,
) -> tuple[np.ndarray, np.ndarray]:
    """Crops of the cells in the network's channels and pixel size."""
    centers = np.stack([columns['x'], columns['y']])
    seen = _select(image, cutting.channels)
    wanted = cutting.pixel_size
    if wanted and image.pixel_size:
        seen = resample(seen, wanted)
        centers = resample_points(centers, image.pixel_size, wanted)
    pixels = _as_saved(seen.pixels, saved)
    return cut_crops(pixels, centers[0], centers[1], cutting.side)


def _select(image: FieldImage, channels: Sequence[str]) -> FieldImage:
    if image.channels == tuple(channels):
        return image
    numbers = [image.channels.index(name) for name in channels]
    return dataclasses.replace(
        image, pixels=image.pixels[..., numbers], channels=tuple(channels)
    )


def _as_saved(pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The pixels in the type of the file, which says what white is."""
    if pixels.dtype == dtype or dtype.kind not in 'iu':
        return pixels
    limits = np.iinfo(dtype)
    return np.rint(pixels).clip(limits.min, limits.max).astype(dtype)
