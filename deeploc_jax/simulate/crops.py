"""Crops are cut out around the cells of a simulated field, each with its truth."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from deeploc_jax.simulate.classes import main_localization
from deeploc_jax.simulate.field import Micrograph, simulate_field
from deeploc_jax.simulate.field_spec import FieldSpec

CROP = 64  # pixels a side
OWN, LIKE, FOREIGN = 1, 2, 3  # values of a crop's mask; 0 is no cell


@dataclasses.dataclass(frozen=True)
class Crop:
    """One cell of a screen.

    Attributes:
        index: Number of the cell in the screen.
        spec: Spec of its field.
        image: uint16 [CROP, CROP, c]; the cell's center is in pixel CROP // 2.
        mask: uint8 [CROP, CROP]: OWN, LIKE (another cell of its localization), FOREIGN
            (a cell that shows something else) or 0.
        truth: Everything known of the cell (`field.describe`).
    """

    index: int
    spec: FieldSpec
    image: np.ndarray
    mask: np.ndarray
    truth: dict[str, Any]


def simulate_crops(spec: FieldSpec) -> list[Crop]:
    """Simulates a field and cuts its wanted cells out of the image."""
    field = simulate_field(spec)
    wanted = [i for i, cell in enumerate(field.cells) if cell['wanted']]
    return [
        Crop(
            spec.first + order,
            spec,
            _cut(field.image, field.cells[i]),
            _mask(field, i),
            field.cells[i],
        )
        for order, i in enumerate(wanted)
    ]


def _cut(plane: np.ndarray, cell: dict[str, Any]) -> np.ndarray:
    row, column = round(cell['y']) - CROP // 2, round(cell['x']) - CROP // 2
    return plane[row : row + CROP, column : column + CROP].copy()


def _mask(field: Micrograph, index: int) -> np.ndarray:
    """Mask of the crop around the cell of this index: OWN, LIKE, FOREIGN or 0."""
    own = field.cells[index]
    shown = [(cell['state'], main_localization(cell)) for cell in field.cells]
    kinds = [LIKE if s == shown[index] else FOREIGN for s in shown]
    kinds[index] = OWN
    return np.array([0, *kinds], np.uint8)[_cut(field.mask, own)]
