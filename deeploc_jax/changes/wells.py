"""Cells are summed up by well: all that a comparison needs to know of them.

A screen of any size is read part by part; what stays is a row for each well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Float, Integer

from deeploc_jax.metrics import sum_by
from deeploc_jax.profiles.cells import KEYS, ProfiledCells
from deeploc_jax.profiles.groups import group_by

DARKEST = 1e-3  # least intensity above the background, relative to that of the cell
_COUNT, _MEASURED, _INTENSITY, _LOG = range(4)  # columns of `Wells.sums`


@dataclasses.dataclass(frozen=True)
class Wells:
    """Sums over the usable cells of wells, or of other groups of cells.

    Attributes:
        keys: The columns of `KEYS` (well and protein), each [w].
        class_names: k names.
        sums: Number of cells, number of measured ones, sum of the intensities of these,
            and of the binary logarithms of what is above the background; [w, 4].
        total: Sum of each class's probability.
        squares: Sum of its squares.
    """

    keys: dict[str, np.ndarray]
    class_names: tuple[str, ...]
    sums: Float[np.ndarray, 'w 4']
    total: Float[np.ndarray, 'w k']
    squares: Float[np.ndarray, 'w k']

    def __len__(self) -> int:
        return len(self.sums)

    @property
    def count(self) -> Float[np.ndarray, ' w']:
        """Number of cells."""
        return self.sums[:, _COUNT]

    def mean(self) -> Float[np.ndarray, 'w k']:
        """Mean probabilities; NaN without cells."""
        with np.errstate(invalid='ignore'):
            return self.total / self.count[:, None]

    def variance_of_mean(self) -> Float[np.ndarray, 'w k']:
        """Unbiased variance over cells, over their number; NaN below two cells."""
        count = np.where(self.count > 1, self.count, np.nan)[:, None]
        variance = (self.squares - self.total**2 / count) / (count - 1)
        return np.maximum(variance, 0) / count

    def intensity(self) -> Float[np.ndarray, ' w']:
        """Mean intensity of the cells, background included; NaN if none is measured."""
        return self._mean_light(_INTENSITY)

    def log2_intensity(self) -> Float[np.ndarray, ' w']:
        """Mean of log2 of the intensity above the background; NaN if not measured."""
        return self._mean_light(_LOG)

    def _mean_light(self, column: int) -> np.ndarray:
        with np.errstate(invalid='ignore'):
            return self.sums[:, column] / self.sums[:, _MEASURED]

    def where(self, rows: Bool[np.ndarray, ' w']) -> Wells:
        """The wells of a mask."""
        return dataclasses.replace(
            self,
            keys={name: column[rows] for name, column in self.keys.items()},
            sums=self.sums[rows],
            total=self.total[rows],
            squares=self.squares[rows],
        )

    def join(self, rows: Integer[np.ndarray, ' w'], groups: int) -> Wells:
        """Sums of all cells of each group; there are no keys to it.

        Args:
            rows: The group of each well.
            groups: Number of groups.
        """
        sums, total, squares = (
            sum_by(rows, values, groups)
            for values in (self.sums, self.total, self.squares)
        )
        return Wells({}, self.class_names, sums, total, squares)


def sum_wells(parts: Iterable[ProfiledCells], ignored: Iterable[str] = ()) -> Wells:
    """Sums of the usable cells that have the name of a protein, by well.

    Args:
        parts: Cells of one set of classes. A well may be in several parts.
        ignored: Classes that no usable cell is called by. What cells have of their
            probability goes to the other classes in proportion.

    Raises:
        ValueError: There is no usable cell of a named protein.
    """
    found = [_sum_part(part, set(ignored)) for part in parts]
    if not sum(map(len, found)):
        raise ValueError('There is no usable cell that has the name of a protein.')
    keys = {name: np.concatenate([p.keys[name] for p in found]) for name in KEYS}
    sums, total, squares = (
        np.concatenate([getattr(part, name) for part in found])
        for name in ('sums', 'total', 'squares')
    )
    groups = group_by(keys, KEYS)  # a well of several parts becomes one row
    every = Wells(keys, found[0].class_names, sums, total, squares)
    joined = every.join(groups.of_cell, len(groups))
    return dataclasses.replace(joined, keys=groups.keys)


def _sum_part(cells: ProfiledCells, ignored: set[str]) -> Wells:
    kept = cells.usable & (cells.keys['protein'].to_numpy(zero_copy_only=False) != '')
    columns = [i for i, name in enumerate(cells.class_names) if name not in ignored]
    p = cells.probabilities[kept][:, columns]
    p = p / p.sum(axis=1, keepdims=True)
    groups = group_by(cells.keys.filter(kept), KEYS)
    light = _light(cells.intensity[kept], cells.abundance[kept])
    return Wells(
        groups.keys,
        tuple(cells.class_names[i] for i in columns),
        *(groups.sum(values) for values in (light, p, p**2)),
    )


def _light(intensity: np.ndarray, above: np.ndarray) -> np.ndarray:
    """The values of each cell that `Wells.sums` adds up, [n, 4]."""
    measured = np.isfinite(intensity) & np.isfinite(above) & (intensity > 0)
    safe = np.where(measured, intensity, 1.0)
    # Noise can take a dim cell below the background, where there is no logarithm.
    log = np.log2(np.maximum(np.where(measured, above, 1.0), DARKEST * safe))
    ones = np.ones(len(intensity))
    light = np.stack([ones, ones, safe, log], axis=1)
    light[~measured, _MEASURED:] = 0
    return light
