"""Plates, wells and fields: where cells lie and how each of their images is taken."""

from __future__ import annotations

import dataclasses

import numpy as np

WELLS = tuple(f'{row}{column:02d}' for row in 'ABCDEFGH' for column in range(1, 13))
FIELDS_PER_WELL = 4
SITE, SITE_ROWS, SITE_COLUMNS = 80, 12, 16  # a field is a grid of sites, in pixels
FIELD_SHAPE = (SITE * SITE_ROWS, SITE * SITE_COLUMNS)  # rows, columns, in pixels


@dataclasses.dataclass(frozen=True)
class Plate:
    """One plate, imaged in one session.

    Attributes:
        name: identifier in the screen.
        marker: photoelectrons a pixel of the cytosolic marker.
        autofluorescence: photoelectrons a pixel of an unlabelled cell, protein channel.
        background: photoelectrons a pixel outside cells, protein and marker channel.
        vignette: loss of light (0 to 1) in the corners of a field.
        bright: where in the field the illumination peaks (x, y), 0 to 1.
        shift: misalignment (x, y) in pixels of the marker channel.
    """

    name: str
    marker: float
    autofluorescence: float
    background: tuple[float, float]
    vignette: float
    bright: tuple[float, float]
    shift: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Field:
    """One image of a well.

    Attributes:
        name: number of the field in its well.
        focus: focal plane above the middle of the cells, pixels.
        density: mean number of neighbours about a cell.
    """

    name: str
    focus: float
    density: float


def draw_plate(rng: np.random.Generator, name: str) -> Plate:
    """A random plate."""
    return Plate(
        name=name,
        marker=float(55 * np.exp(0.25 * rng.normal())),
        autofluorescence=float(rng.uniform(3.5, 6.5)),
        background=(float(rng.uniform(2, 5)), float(rng.uniform(2, 6))),
        vignette=float(rng.uniform(0.1, 0.4)),
        bright=(float(rng.uniform(0.35, 0.65)), float(rng.uniform(0.35, 0.65))),
        shift=(_misalignment(rng), _misalignment(rng)),
    )


def _misalignment(rng: np.random.Generator) -> float:
    return float(np.clip(0.4 * rng.normal(), -1.2, 1.2))


def draw_fields(rng: np.random.Generator) -> list[Field]:
    """The random fields of one well; autofocus holds most and misses some."""
    return [
        Field(
            name=str(number),
            focus=float(rng.normal(0, 2.2 if rng.random() < 0.93 else 6)),
            density=float(2.2 * np.exp(0.4 * rng.normal())),
        )
        for number in range(1, FIELDS_PER_WELL + 1)
    ]


def draw_sites(rng: np.random.Generator, count: int) -> list[tuple[int, float, float]]:
    """Where a well's cells lie, spread over its fields; no two crops overlap.

    Args:
        rng: source of the positions.
        count: cells in the well.

    Returns:
        (number of the field from 0, x, y) of each cell, x and y in pixels.

    Raises:
        ValueError: if the well has no room for so many.
    """
    sites = SITE_ROWS * SITE_COLUMNS
    if count > FIELDS_PER_WELL * sites:
        raise ValueError(
            f'{count} cells do not fit in a well: its {FIELDS_PER_WELL} fields hold '
            f'{sites} each.'
        )
    fields, places = np.divmod(rng.permutation(FIELDS_PER_WELL * sites)[:count], sites)
    rows, columns = np.divmod(places, SITE_COLUMNS)
    jitter = rng.uniform(-7.5, 7.5, (count, 2))
    centers = np.stack([columns, rows], 1) * SITE + SITE / 2 + jitter
    return [
        (field, x, y)
        for field, (x, y) in zip(fields.tolist(), centers.tolist(), strict=True)
    ]
