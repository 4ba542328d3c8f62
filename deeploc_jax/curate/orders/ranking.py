"""The cells in every order, made when it is asked for; annotators share them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from deeploc_jax.curate.orders.order import order_cells
from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.lookup import check_name


class Ranking:
    """The cells, and which of them come first.

    Args:
        cells: The cells.
        seed: Seed of the random order.
    """

    def __init__(self, cells: Curated, seed: int = 0):
        self.cells, self._seed = cells, seed
        self._orders: dict[str, np.ndarray] = {}

    def take_up(self, cells: Curated) -> None:
        """Goes on with what another network says of the same cells."""
        self.cells = cells
        self._orders.clear()

    def rows(self, order: str, only: str = '') -> Int[np.ndarray, ' m']:
        """Rows of the cells, the first to look at first.

        Args:
            order: One of `order.ORDERS`.
            only: A class (order class) or a protein (order protein) that all cells
                have; '' for any.

        Raises:
            ValueError: There is no such order, class or protein.
        """
        if order not in self._orders:
            self._orders[order] = order_cells(self.cells, order, self._seed)
        rows = self._orders[order]
        return rows[self._kept(order, only)[rows]] if only else rows

    def _kept(self, order: str, only: str) -> Bool[np.ndarray, ' n']:
        """Which cells are of a class or protein."""
        if order == 'class':
            check_name('class', only, self.cells.class_names)
            return self.cells.named == self.cells.class_names.index(only)
        if order != 'protein':
            raise ValueError(
                'Only cells of a class, or of a protein, come in its order.'
            )
        kept = self.cells.metadata['protein'] == only
        if not kept.any():
            raise ValueError(f'No cell is of the protein {only!r}.')
        return kept
