"""The data structures that all floors share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, runtime_checkable

import numpy as np
from jaxtyping import Integer, Shaped

if TYPE_CHECKING:
    import jax  # tables are read without it

METADATA = {
    'cell_id': 'Name of the cell, unique in its screen.',
    'screen': 'Name of the screen.',
    'condition': 'Treatment, time point or medium.',
    'replicate': 'Repetition of the experiment.',
    'plate': 'Plate of the screen.',
    'well': 'Well of the plate.',
    'field': 'Field image of the well.',
    'protein': 'Tagged protein, or the strain that carries it.',
    'x': 'Center of the cell in the field image, in pixels from the left.',
    'y': 'Center of the cell in the field image, in pixels from the top.',
}
"""Columns that every cell of every screen has, in table order, and their meaning.

Text that is not known is '', a place that is not known is NaN.
"""
LATER = ('condition', 'replicate')
"""Those that earlier screens and tables lack: '' is read in their place."""
WELL = ('screen', 'condition', 'replicate', 'plate', 'well')
"""Columns that together distinguish one well from another."""


class Batch(TypedDict):
    """A batch of cells on the device.

    Attributes:
        image: float32 [b, h, w, c] in [0, 1].
        label: int32 [b], -1 for an unlabelled cell.
    """

    image: jax.Array
    label: jax.Array


@runtime_checkable
class Images(Protocol):
    """Normalized images, in memory or read when they are indexed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """[n, h, w, c]."""

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        """Images of these row numbers, float32 [len(rows), h, w, c] in [0, 1]."""


@dataclasses.dataclass(frozen=True)
class Cells:
    """One split of a screen, rows in a fixed order.

    Attributes:
        images: Normalized images, float32 [n, 64, 64, c] in [0, 1]; an array if they
            are in memory.
        labels: int32 [n], -1 for an unlabelled cell.
        metadata: `METADATA` columns, each [n].
        class_names: Class names in index order.
        channels: Channel names in image order, protein first.
    """

    images: Images
    labels: Integer[np.ndarray, ' n']
    metadata: dict[str, Shaped[np.ndarray, ' n']]
    class_names: tuple[str, ...]
    channels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, rows: Integer[np.ndarray, ' m']) -> Cells:
        """Some of the cells, in memory, by row number [m]."""
        return dataclasses.replace(
            self,
            images=self.images[rows],
            labels=self.labels[rows],
            metadata={name: column[rows] for name, column in self.metadata.items()},
        )
