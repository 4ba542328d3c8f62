"""Cells are grouped by the columns that distinguish a well or a profile."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from jaxtyping import Integer

from deeploc_jax.metrics import sum_by


@dataclasses.dataclass(frozen=True)
class Groups:
    """Which cells belong together.

    Attributes:
        of_cell: int [n], the number of each cell's group in 0..g-1.
        keys: Text columns that name a group, each [g], in the order of their values.
    """

    of_cell: Integer[np.ndarray, ' n']
    keys: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(next(iter(self.keys.values())))

    def count(self, cells: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Number of cells of each group, int [g], of all or of a mask [n]."""
        return np.bincount(self.of_cell[cells], minlength=len(self))

    def where(self, cells: np.ndarray) -> Groups:
        """The same groups, some of which may be empty, of the cells of a mask [n]."""
        return dataclasses.replace(self, of_cell=self.of_cell[cells])

    def members(self) -> Iterator[tuple[int, np.ndarray]]:
        """The number of each group that has cells, with the row numbers of these."""
        order, counts = np.argsort(self.of_cell, kind='stable'), self.count()
        ends = counts.cumsum()
        for group in np.flatnonzero(counts).tolist():
            yield group, order[ends[group] - counts[group] : ends[group]]

    def count_distinct(self, other: Groups) -> np.ndarray:
        """Number of groups of another grouping that each group has cells of, [g]."""
        pairs = np.unique(np.stack([self.of_cell, other.of_cell]), axis=1)[0]
        return np.bincount(pairs, minlength=len(self))

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean over the cells of each group, float64 [g, k]; NaN where there is none.

        Args:
            values: float [n, k].
        """
        counts = self.count()[:, None]
        sums = self.sum(values)
        return np.divide(
            sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0
        )

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sum over the cells of each group, float64 [g, k], of values [n, k]."""
        return sum_by(self.of_cell, np.asarray(values, np.float64), len(self))


def group_by(
    cells: pa.Table | Mapping[str, np.ndarray], columns: Sequence[str]
) -> Groups:
    """Groups rows that agree in all of these text columns."""
    codes, names = zip(*(_encode(cells[column]) for column in columns), strict=True)
    shape = tuple(max(1, len(values)) for values in names)
    joined = np.ravel_multi_index(codes, shape)
    groups, of_cell = np.unique(joined, return_inverse=True)
    indices = np.unravel_index(groups, shape)
    keys = {c: v[i] for c, v, i in zip(columns, names, indices, strict=True)}
    return Groups(of_cell, keys)


def _encode(column: pa.ChunkedArray | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of each value among the sorted ones [n], and these [v]."""
    chunks = pa.chunked_array([column]) if isinstance(column, np.ndarray) else column
    encoded = chunks.combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    order = np.argsort(names.astype(str), kind='stable')
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[encoded.indices.to_numpy()], names[order]
