"""The cells that stand for a protein are the most usual ones, not the best."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from deeploc_jax.tables.parquet import class_values
from deeploc_jax.tables.scored_cells import PLACE
from deeploc_jax.tables.scored_parts import Place, scored_parts

SIDE = 64  # pixels of a crop where no cell was measured
ROOM = 1.7  # side of a crop over the length of a usual cell
_COLUMNS = (*PLACE, 'protein', 'x', 'y', 'major_axis', 'flags', 'p_<CLASS>')


@dataclasses.dataclass(frozen=True)
class Chosen:
    """The cells that stand for a protein in each condition.

    Attributes:
        protein: Name of the protein.
        places: Place of the field of each cell, by condition.
        centers: Columns x and y of these cells, float [m, 2], by condition.
        n_cells: Number of usable cells that they were chosen from, by condition.
        side: Pixels of the image that a crop is wide and high.
    """

    protein: str
    places: dict[str, list[Place]]
    centers: dict[str, np.ndarray]
    n_cells: dict[str, int]
    side: int


def choose_examples(probabilities: np.ndarray, count: int) -> np.ndarray:
    """Chooses the cells of a protein in a condition that are nearest to its median.

    The distance is the sum of the differences between the class probabilities of a
    cell and the medians of these over all cells.

    Args:
        probabilities: float [n, k]; a row with NaN is a cell without a call, which is
            never chosen.
        count: Number of cells wanted.

    Returns:
        int [m], m <= count: rows, the nearest first; of equally near ones the earlier.
    """
    called = np.flatnonzero(~np.isnan(probabilities).any(axis=1))
    if not len(called):
        return called
    known = np.asarray(probabilities, np.float64)[called]
    distance = np.abs(known - np.median(known, axis=0)).sum(axis=1)
    return called[np.argsort(distance, kind='stable')[:count]]


def choose_cells(
    scored: Sequence[Path | str],
    proteins: Collection[str],
    conditions: Collection[str] | None,
    count: int,
) -> Iterator[Chosen]:
    """Chooses usable cells of proteins in scored screens.

    Args:
        scored: Workdirs of configs/score.py.
        proteins: The proteins wanted, in the order of the result; those without a
            usable cell are left out.
        conditions: The conditions wanted; None for all.
        count: Number of cells of a protein in a condition.
    """
    wanted = set(proteins)
    cells = pa.concat_tables(
        part.filter(_usable(part, wanted, conditions))
        for folder in scored
        for part in scored_parts(folder, _COLUMNS)
    )
    if not len(cells):
        return
    names = np.array(cells['protein'].to_pylist(), object)
    order = np.argsort(names, kind='stable')
    kinds, starts = np.unique(names[order], return_index=True)
    groups = dict(zip(kinds, np.split(order, starts[1:]), strict=True))
    for protein in dict.fromkeys(proteins):
        if protein in groups:
            yield _choose(protein, cells.take(np.sort(groups[protein])), count)


def _usable(
    cells: pa.Table, proteins: Collection[str], conditions: Collection[str] | None
) -> pa.Array:
    """Which cells are wanted and have no flag, bool [n]."""
    columns = ('protein', 'condition', 'flags')
    rows = zip(*(cells[name].to_pylist() for name in columns), strict=True)
    return pa.array(
        [
            protein in proteins
            and (conditions is None or condition in conditions)
            and not flags
            for protein, condition, flags in rows
        ],
        pa.bool_(),
    )


def _choose(protein: str, cells: pa.Table, count: int) -> Chosen:
    """Chooses among the usable cells of one protein."""
    conditions = np.array(cells['condition'].to_pylist(), object)
    probabilities = class_values(cells)
    places = list(zip(*(cells[name].to_pylist() for name in PLACE), strict=True))
    centers = np.stack([cells['x'].to_numpy(), cells['y'].to_numpy()], axis=1)
    rows = {}
    for condition in dict.fromkeys(conditions.tolist()):
        own = np.flatnonzero(conditions == condition)
        rows[condition] = own[choose_examples(probabilities[own], count)]
    return Chosen(
        protein,
        {name: [places[row] for row in chosen] for name, chosen in rows.items()},
        {name: centers[chosen] for name, chosen in rows.items()},
        {name: int((conditions == name).sum()) for name in rows},
        _side(cells),
    )


def _side(cells: pa.Table) -> int:
    """Room for a usual cell."""
    lengths = np.array(cells['major_axis'].to_pylist(), np.float64)
    if np.isnan(lengths).all():
        return SIDE
    return max(8, round(ROOM * float(np.nanmedian(lengths))))
