"""The units of a comparison are replicates, or wells where nothing was repeated.

Cells of a well share its plate, focus and culture: a hundred of them are not a hundred
observations.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float, Integer

from deeploc_jax.changes.wells import Wells
from deeploc_jax.metrics import sum_by
from deeploc_jax.profiles.groups import group_by


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition of the proteins that are compared.

    Attributes:
        name: The condition.
        units: Cells of each unit, a replicate or a well of a protein.
        protein: Row number of the protein of each unit.
        count: Number of units of each protein, at least one.
        n_wells: Number of wells of each protein.
        cells: All cells of each protein.
    """

    name: str
    units: Wells
    protein: Integer[np.ndarray, ' u']
    count: Integer[np.ndarray, ' n']
    n_wells: Integer[np.ndarray, ' n']
    cells: Wells

    def mean(self, values: Float[np.ndarray, 'u f']) -> Float[np.ndarray, 'n f']:
        """Mean over the units of each protein, which count alike."""
        return sum_by(self.protein, values, len(self.count)) / self.count[:, None]

    def squares(self, values: Float[np.ndarray, 'u f']) -> Float[np.ndarray, 'n f']:
        """Sum of the squared differences from that mean."""
        away = values - self.mean(values)[self.protein]
        return sum_by(self.protein, away**2, len(self.count))


def condition_of(wells: Wells, name: str, proteins: np.ndarray) -> Condition:
    """The units of these proteins in one condition.

    Args:
        wells: Of all conditions.
        name: The condition.
        proteins: Names, sorted; each has cells in the condition.
    """
    mine = np.isin(wells.keys['protein'], proteins) & (wells.keys['condition'] == name)
    wells = wells.where(mine)
    repeated = len(np.unique(wells.keys['replicate'].astype(str))) > 1
    parts = ('protein', 'replicate') if repeated else tuple(wells.keys)
    units = group_by(wells.keys, parts)
    protein = _row(units.keys['protein'], proteins)
    by_protein = _row(wells.keys['protein'], proteins)
    return Condition(
        name=name,
        units=wells.join(units.of_cell, len(units)),
        protein=protein,
        count=np.bincount(protein, minlength=len(proteins)),
        n_wells=np.bincount(by_protein, minlength=len(proteins)),
        cells=wells.join(by_protein, len(proteins)),
    )


def degrees_of_freedom(before: Condition, after: Condition) -> Float[np.ndarray, ' n']:
    """Number of units beyond one a condition, of each protein."""
    return (before.count + after.count - 2).astype(np.float64)


def squeezable(df: Float[np.ndarray, ' n']) -> bool:
    """Whether enough proteins were repeated to know how units scatter."""
    return bool((df > 0).sum() >= 3)


def _row(names: np.ndarray, proteins: np.ndarray) -> np.ndarray:
    return np.searchsorted(proteins.astype(str), names.astype(str))
