"""The table of movers is filled: what was found of each protein, and what was not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from deeploc_jax.changes.abundance import Folds
from deeploc_jax.changes.localization import Moves
from deeploc_jax.changes.paper import FOLD, PaperCalls
from deeploc_jax.changes.remarks import remarks_of
from deeploc_jax.changes.units import Condition
from deeploc_jax.tables.cell_columns import by_class
from deeploc_jax.tables.changes import MOVERS
from deeploc_jax.tables.parquet import class_metadata
from deeploc_jax.tables.schema import to_table


@dataclasses.dataclass(frozen=True)
class Compared:
    """All that was found of the n proteins that could be compared.

    Attributes:
        first: The condition before.
        second: The condition after.
        moves: Changes of localization.
        folds: Changes of abundance.
        paper: What the paper's method says.
        rate: False-discovery rate of what is called.
    """

    first: Condition
    second: Condition
    moves: Moves
    folds: Folds
    paper: PaperCalls
    rate: float


def movers_table(
    proteins: np.ndarray,
    conditions: Sequence[Condition],
    enough: Bool[np.ndarray, ' m'],
    compared: Compared,
    min_cells: int,
) -> pa.Table:
    """One row per protein; `tables.MOVERS` has the columns.

    Args:
        proteins: Names of all m proteins of either condition.
        conditions: Both, with all of these proteins.
        enough: Which could be compared, n of them.
        compared: What was found of those.
        min_cells: Cells that it took.
    """
    classes = compared.first.units.class_names
    columns: dict[str, Any] = dict(protein=proteins)
    for end, condition in zip(('before', 'after'), conditions, strict=True):
        columns[f'condition_{end}'] = np.full(len(proteins), condition.name, object)
        columns[f'n_cells_{end}'] = condition.cells.count
        columns[f'n_wells_{end}'] = condition.n_wells
    found = _localization(compared, classes) | _abundance(compared)
    found |= _paper(compared, classes)
    columns |= {name: _spread(values, enough) for name, values in found.items()}
    remarks = np.full(len(proteins), None, object)
    remarks[enough] = remarks_of(
        compared.first, compared.second, compared.moves, compared.folds, compared.rate
    )
    few = [f'fewer than {min_cells} cells in a condition: not compared']
    columns['remarks'] = [few if row is None else row for row in remarks]
    table = to_table(columns, MOVERS.arrow(classes, class_metadata(classes)))
    p = columns['p'].filled(np.inf)
    return table.take(pa.array(np.lexsort((proteins.astype(str), p))))


def _localization(compared: Compared, classes: tuple[str, ...]) -> dict[str, Any]:
    moves, names = compared.moves, np.array(classes, object)
    ends = dict(before=compared.first, after=compared.second)
    shares = {end: c.mean(c.units.mean()) for end, c in ends.items()}
    columns: dict[str, Any] = {
        'from': names[moves.change.argmin(axis=1)],
        'to': names[moves.change.argmax(axis=1)],
        'share_moved': moves.share,
        'share_moved_low': moves.low,
        'share_moved_high': moves.high,
        'effect': moves.length / moves.usual,
        'statistic': moves.length,
        'p': moves.p,
        'q': moves.q,
        'moved': moves.q <= compared.rate,
    }
    for end, values in shares.items():
        columns[f'class_{end}'] = names[values.argmax(axis=1)]
        columns |= by_class(f'{end}_', values, classes)
    return columns | by_class('change_', moves.change, classes)


def _abundance(compared: Compared) -> dict[str, Any]:
    folds = compared.folds
    return dict(
        log2_fold=folds.log2_fold,
        log2_fold_low=folds.low,
        log2_fold_high=folds.high,
        abundance_p=folds.p,
        abundance_q=folds.q,
        abundance_changed=_where_known(folds.q <= compared.rate, folds.q),
    )


def _paper(compared: Compared, classes: tuple[str, ...]) -> dict[str, Any]:
    paper = compared.paper
    strongest = np.abs(np.nan_to_num(paper.scores)).argmax(axis=1)
    fold = paper.log2_fold
    return dict(
        paper_class=np.array(classes, object)[strongest],
        paper_score=paper.scores[np.arange(len(strongest)), strongest],
        paper_moved=paper.moved,
        paper_log2_fold=fold,
        paper_abundance_changed=_where_known(np.abs(fold) > FOLD, fold),
    ) | by_class('score_', paper.scores, classes)


def _where_known(calls: np.ndarray, values: np.ndarray) -> np.ma.MaskedArray:
    return np.ma.masked_array(calls, np.isnan(values))


def _spread(values: np.ndarray, rows: np.ndarray) -> np.ma.MaskedArray:
    """Values [n] at the n rows of a mask [m]; nothing elsewhere, nor for NaN."""
    spread = np.ma.masked_all(len(rows), values.dtype)
    if values.dtype.kind == 'f':
        values = np.ma.masked_invalid(values)
    spread[rows] = values
    return spread
