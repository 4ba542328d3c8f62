"""Cells are cut out of their fields when they are looked at."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from deeploc_jax.screens.cells.crops import SIDE, cut_crops

OPEN = 4  # fields in memory


class FieldCrops:
    """Crops of cells, the last few fields of them in memory.

    Args:
        read: Reads the field of a number, [h, w, c].
        fields: Number of the field of each cell, int [n].
        x: Centers [n] in pixels from the left.
        y: Centers [n] in pixels from the top.
        channels: Number of channels of the fields.
        side: Height and width of a crop in pixels.
    """

    def __init__(
        self,
        read: Callable[[int], np.ndarray],
        fields: Integer[np.ndarray, ' n'],
        x: Float[np.ndarray, ' n'],
        y: Float[np.ndarray, ' n'],
        channels: int,
        side: int = SIDE,
    ):
        self.read, self.fields, self.x, self.y = read, fields, x, y
        self.shape = (len(fields), side, side, channels)
        self._open: collections.OrderedDict[int, np.ndarray] = collections.OrderedDict()

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        """Crops of these rows [len(rows), side, side, c], with the pixels as saved.

        Pixels beyond the edge of a field are 0.
        """
        rows = np.asarray(rows)
        found: dict[int, np.ndarray] = {}
        for field in np.unique(self.fields[rows]):
            own = np.flatnonzero(self.fields[rows] == field)
            for place, crop in zip(own, self._cut(int(field), rows[own]), strict=True):
                found[int(place)] = crop
        if not found:
            return np.zeros((0, *self.shape[1:]), np.uint16)
        return np.stack([found[place] for place in range(len(rows))])

    def _cut(self, field: int, rows: np.ndarray) -> np.ndarray:
        if field not in self._open:
            self._open[field] = self.read(field)
            while len(self._open) > OPEN:
                self._open.popitem(last=False)
        self._open.move_to_end(field)
        side = self.shape[1]
        around = ((side, side), (side, side), (0, 0))
        pixels = np.pad(self._open[field], around)
        crops, _ = cut_crops(pixels, self.x[rows] + side, self.y[rows] + side, side)
        return crops
