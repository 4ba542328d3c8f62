"""Two conditions of a screen become the table of its movers and the flux network."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa

from deeploc_jax.changes.abundance import even_plates, find_folds
from deeploc_jax.changes.expectation import NEIGHBORS
from deeploc_jax.changes.flux import Move, flux_table, score_moves
from deeploc_jax.changes.localization import Moves, find_moves
from deeploc_jax.changes.mover_rows import Compared, movers_table
from deeploc_jax.changes.paper import FLUX, find_paper_calls
from deeploc_jax.changes.rates import check_number
from deeploc_jax.changes.units import condition_of
from deeploc_jax.changes.wells import Wells
from deeploc_jax.lookup import check_name

SMALL = 20  # proteins for each neighbor: in small screens, fewer are alike
FEWEST_NEIGHBORS = 10
SUSPECTED = 0.4  # q up to which a protein may have moved, and changed its looks by that


@dataclasses.dataclass(frozen=True)
class Options:
    """How two conditions are compared.

    Attributes:
        rate: False-discovery rate of what is called.
        min_cells: Cells that a protein needs in each condition.
        neighbors: Most proteins that say what is expected of another one.
    """

    rate: float = 0.05
    min_cells: int = 5
    neighbors: int = NEIGHBORS


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What two conditions have to tell.

    Attributes:
        movers: `tables.MOVERS`.
        flux: `tables.FLUX`.
        n_compared: Number of proteins with enough cells.
        repeated: Whether units were repeated, so that their scatter is known.
    """

    movers: pa.Table
    flux: pa.Table
    n_compared: int
    repeated: bool


def compare(wells: Wells, before: str, after: str, options: Options) -> Comparison:
    """Compares the proteins that have enough cells in both conditions.

    Args:
        wells: Of these conditions; those of others help to even out plates.
        before: Name of the condition to compare with.
        after: Name of the other one.
        options: How.

    Raises:
        ValueError: There is no such condition, or too few proteins are in both.
    """
    conditions = wells.keys['condition']
    for name in (before, after):
        check_name('condition', name, conditions.tolist())
    even = even_plates(wells).where(np.isin(conditions, [before, after]))
    proteins = np.unique(even.keys['protein'].astype(str)).astype(object)
    every = [condition_of(even, name, proteins) for name in (before, after)]
    enough = np.all([c.cells.count >= options.min_cells for c in every], axis=0)
    kept = proteins[enough]
    check_number(len(kept))
    first, second = (condition_of(even, name, kept) for name in (before, after))
    fewer = max(FEWEST_NEIGHBORS, len(kept) // SMALL)
    moves = find_moves(first, second, min(options.neighbors, fewer))
    moved = moves.q <= options.rate
    paper = find_paper_calls(first.cells, second.cells)
    compared = Compared(
        first=first,
        second=second,
        moves=moves,
        folds=find_folds(first, second, moves.q <= max(SUSPECTED, options.rate)),
        paper=paper,
        rate=options.rate,
    )
    names, classes = kept.tolist(), wells.class_names
    flux = dict(
        ours=_called(names, moves, moved, classes),
        paper=score_moves(names, paper.scores, classes, FLUX),
    )
    return Comparison(
        movers=movers_table(proteins, every, enough, compared, options.min_cells),
        flux=flux_table(flux),
        n_compared=len(kept),
        repeated=bool((first.count + second.count > 2).any()),
    )


def _called(
    names: list[str], moves: Moves, moved: np.ndarray, classes: tuple[str, ...]
) -> list[Move]:
    lost, gained = moves.change.argmin(axis=1), moves.change.argmax(axis=1)
    return [
        (names[i], classes[lost[i]], classes[gained[i]], float(moves.share[i]))
        for i in np.flatnonzero(moved)
    ]
