"""Finds cells whose pixels equal those of a cell in another split."""

from __future__ import annotations

import collections
import hashlib

import numpy as np

from deeploc_jax.data.own.cell_row import CellRow


class TwinCells:
    """Finds cells with the same pixels in two splits, from one digest for each cell."""

    def __init__(self):
        self._first: dict[bytes, CellRow] = {}
        self._pairs: list[tuple[CellRow, CellRow]] = []

    def add(self, row: CellRow, image: np.ndarray) -> None:
        """Compares a cell with all that were added before.

        Args:
            row: Row of the cell.
            image: Pixels [h, w, c]; blank images are not twins of each other.
        """
        if (image == image[0, 0]).all():
            return
        # A common type that is exact for every pixel that a screen can store.
        pixels = np.ascontiguousarray(image, np.float64)
        digest = hashlib.sha256(pixels.data).digest()[:16]
        first = self._first.setdefault(digest, row)
        if first.split != row.split:
            earlier, later = sorted((first, row), key=lambda row: row.number)
            self._pairs.append((earlier, later))

    def describe(self) -> list[str]:
        """A sentence with the counts and the first pair, [] if there are no twins."""
        if not self._pairs:
            return []
        splits = collections.Counter(
            ' and '.join(sorted((a.split, b.split))) for a, b in self._pairs
        )
        counts = ', '.join(f'{n} in {names}' for names, n in splits.items())
        a, b = min(self._pairs, key=lambda pair: (pair[0].number, pair[1].number))
        return [
            f'{len(self._pairs)} cell(s) have exactly the pixels of a cell in another '
            f'split ({counts}; first: row {a.number} in {a.split} and row {b.number} '
            f'in {b.split}), so they cannot be used to test.'
        ]
