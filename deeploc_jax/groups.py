"""Which cells belong together (a protein's, a well's, a field's), and which are new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Integer, Shaped

from deeploc_jax.types import WELL

UNITS = {
    'protein': ('protein',),
    'well': WELL,
    'field': (*WELL, 'field'),
}
"""Columns that distinguish one protein, well or field from another."""
UNIT_COLUMNS = (*WELL, 'field', 'protein')
"""All columns that `UNITS` needs."""


def unit_names(metadata: Mapping[str, np.ndarray], unit: str) -> np.ndarray:
    """Which protein, well or field each cell is of, as text [n]; '' when not known.

    A well is named with its screen, condition, replicate and plate, a field with its
    well ('heat/37C/2/plate1/A01/3'): A01 of two plates, or of two conditions whose
    plates have the same name, are two wells. Columns that are empty everywhere are left
    out.
    """
    columns = [np.asarray(metadata[name], object) for name in UNITS[unit]]
    known = columns[-1] != ''
    named = [column for column in columns if (column != '').any()]
    joined = ['/'.join(row) for row in zip(*named, strict=True)] or ''
    return np.where(known, np.array(joined, object), '')


def known_proteins(metadata: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Names of all proteins of these cells, sorted."""
    return tuple(sorted({*np.asarray(metadata['protein']).tolist()} - {''}))


class NewCells(NamedTuple):
    """Cells that a network was not trained on, of groups that it was not trained on.

    Attributes:
        unit: What the groups are: 'protein', 'well' or 'field'; 'cell' where every
            cell stands for itself, and its protein may have been trained on.
        cells: Which cells these are, bool [n].
        names: The group of each cell, as text [n].
    """

    unit: str
    cells: Bool[np.ndarray, ' n']
    names: Shaped[np.ndarray, ' n']

    def words(self, used: Bool[np.ndarray, ' n']) -> str:
        """What the cells used are of, after 'on 12 validation cells'."""
        if self.unit == 'cell':
            return '; how far it holds for new proteins is not known'
        number = len(set(self.names[used].tolist()))
        many = f'{number:,} {self.unit}s, none of which was trained on'
        one = f'one {self.unit}, which was not trained on'
        return f', of {many if number > 1 else one}'


def new_cells(
    trained: Mapping[str, np.ndarray],
    metadata: Mapping[str, np.ndarray],
    labels: Integer[np.ndarray, ' n'],
    held_out: Bool[np.ndarray, ' n'],
) -> NewCells:
    """The cells of proteins that were not trained on; else of wells, else of fields.

    A unit is taken where its new cells have every class that the labelled cells have.
    Where there is none, all cells that were not trained on count.

    Args:
        trained: Text columns `UNIT_COLUMNS` of the cells that were trained on.
        metadata: The same of n other cells.
        labels: Classes of these, -1 for an unlabelled cell.
        held_out: Which of them were not trained on themselves.
    """
    start = len(trained['protein'])
    both = {n: np.concatenate([trained[n], metadata[n]]) for n in UNIT_COLUMNS}
    known = held_out & (labels >= 0)
    classes = set(labels[known].tolist())
    for unit in UNITS:
        names = unit_names(both, unit)
        seen, own = set(names[:start].tolist()), names[start:]
        cells = held_out & np.array([n not in seen for n in own], bool) & (own != '')
        if classes and classes == set(labels[known & cells].tolist()):
            return NewCells(unit, cells, own)
    return NewCells('cell', held_out, np.arange(len(labels)).astype(str))
