"""How well the cells of a class keep together, by their nearest neighbors."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

NEIGHBORS = 10
"""Neighbors of a cell that purity is the share of."""


def nearest(
    values: Float[np.ndarray, 'n f'], count: int
) -> tuple[Int[np.ndarray, 'n k'], Float[np.ndarray, 'n k']]:
    """The nearest other cells of each cell, the nearest first, and their distances.

    Args:
        values: Features, one row a cell.
        count: Neighbors of each; fewer where there are fewer cells.
    """
    search = NearestNeighbors(n_neighbors=min(count, len(values) - 1)).fit(values)
    distances, rows = search.kneighbors()
    return rows, distances


def purity(
    values: Float[np.ndarray, 'n f'],
    groups: Int[np.ndarray, ' n'],
    apart: Int[np.ndarray, ' n'] | None = None,
) -> float:
    """Mean share of the ten nearest neighbors of a cell that are of its group.

    Args:
        values: Features, one row a cell.
        groups: Group of each cell.
        apart: Numbers, such as of proteins: neighbors with that of the cell itself are
            passed over. Cells that then have no neighbor are left out.

    Returns:
        The share; NaN where no cell has a neighbor.
    """
    every = len(values) - 1 if apart is not None else NEIGHBORS
    rows, _ = nearest(values, every)
    same = groups[rows] == groups[:, None]
    if apart is None:
        return float(same.mean())
    counted = apart[rows] != apart[:, None]
    counted &= counted.cumsum(1) <= NEIGHBORS
    some = counted.any(1)
    shares = (same & counted).sum(1)[some] / counted.sum(1)[some]
    return float(shares.mean()) if some.any() else float('nan')


def together(
    values: Float[np.ndarray, 'n f'],
    classes: Int[np.ndarray, ' n'],
    proteins: Any,
    plates: Any,
) -> dict[str, Any]:
    """Numbers of `tables.MAPS`: how well classes keep together, and plates.

    Args:
        values: Features, one row a cell.
        classes: Class of each cell, -1 where it is not known; such cells are left out.
        proteins: Protein of each cell.
        plates: Plate of each cell.
    """
    known = classes >= 0
    values, classes = values[known], classes[known]
    protein, plate = (
        np.unique(np.asarray(x)[known], return_inverse=True)[1]
        for x in (proteins, plates)
    )
    plates_differ = len(np.unique(plate)) > 1
    several = 1 < len(np.unique(classes)) < len(classes)
    found = dict(
        silhouette=float(silhouette_score(values, classes)) if several else None,
        purity=purity(values, classes),
        purity_other_proteins=purity(values, classes, protein),
        purity_plates=purity(values, plate) if plates_differ else None,
    )
    shares = np.bincount(classes) / len(classes)
    found |= dict(cells=len(classes), chance=float((shares**2).sum()))
    return {name: None if value != value else value for name, value in found.items()}


def middle_cells(
    values: Float[np.ndarray, 'n f'], classes: Int[np.ndarray, ' n']
) -> list[int]:
    """The cell of each class that is nearest to the mean of the class."""
    chosen = []
    for k in np.unique(classes[classes >= 0]):
        rows = np.flatnonzero(classes == k)
        away = np.linalg.norm(values[rows] - values[rows].mean(0), axis=1)
        chosen.append(int(rows[away.argmin()]))
    return chosen
