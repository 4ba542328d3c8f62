"""Cells are taken from a table of a screen, as far as profiles need them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from deeploc_jax.tables.parquet import class_names
from deeploc_jax.types import WELL

KEYS = (*WELL, 'protein')
"""Text columns that cells are grouped by."""


@dataclasses.dataclass(frozen=True)
class ProfiledCells:
    """Cells with what profiles are made of.

    Attributes:
        keys: The columns of `KEYS`, each [n].
        usable: bool [n]; the others are only counted.
        probabilities: float64 [n, k]; 0 for cells that have none, which are not usable.
        class_names: k names in index order.
        labels: int [n], -1 for an unlabelled cell.
        intensity: float [n], mean intensity by area in the protein channel; NaN where
            it was not measured.
        abundance: float [n], the same above the background.
    """

    keys: pa.Table
    usable: np.ndarray
    probabilities: np.ndarray
    class_names: tuple[str, ...]
    labels: np.ndarray
    intensity: np.ndarray
    abundance: np.ndarray

    def __len__(self) -> int:
        return len(self.usable)


def profiled_cells(
    table: pa.Table, ignored: Sequence[str] = (), channel: str = ''
) -> ProfiledCells:
    """Takes what profiles need out of a table of scored cells or of predictions.

    Args:
        table: Of `tables.SCORED_CELLS` or `tables.PREDICTIONS`.
        ignored: Classes whose cells are not usable: dead cells and ghosts.
        channel: The protein channel, whose intensities are taken; '' for none.

    Raises:
        ValueError: There is no such class or channel.
    """
    names = class_names(table)
    unknown = [name for name in ignored if name not in names]
    if unknown:
        raise ValueError(
            f'ignored: the cells have no class {", ".join(unknown)}, but '
            f'{", ".join(names)}.'
        )
    p = np.stack([_numbers(table, f'p_{name}') for name in names], axis=1)
    scored = np.isfinite(p).all(axis=1)
    p[~scored] = 0
    usable = scored & ~np.isin(np.array(names)[p.argmax(axis=1)], list(ignored))
    if 'flags' in table.column_names:
        usable &= np.array([not flags for flags in table['flags'].to_pylist()], bool)
    if channel and f'mean_{channel}' not in table.column_names:
        raise ValueError(f'channel: the cells have no column mean_{channel}.')
    return ProfiledCells(
        keys=table.select(KEYS),
        usable=usable,
        probabilities=p,
        class_names=names,
        labels=table['label'].to_numpy(),
        intensity=_numbers(table, f'mean_{channel}'),
        abundance=_numbers(table, f'corrected_{channel}'),
    )


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    """A column as float64 [n], NaN where it is null; all NaN without the column."""
    if name not in table.column_names:
        return np.full(len(table), np.nan)
    return np.array(table[name].to_numpy(), np.float64)
