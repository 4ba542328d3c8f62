"""The cells that are looked at, with what is known of them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Integer, Shaped

from deeploc_jax.data.normalize import Normalize
from deeploc_jax.types import Images


class Selected:
    """Images of some channels, normalized, read when they are indexed.

    Args:
        images: Raw pixels [n, h, w, c].
        channels: Indices of the channels wanted.
        normalize: Normalization of the pixels.
    """

    def __init__(self, images: Images, channels: Sequence[int], normalize: Normalize):
        self.images, self.channels = images, list(channels)
        self.normalize = normalize
        self.shape = (*images.shape[:3], len(self.channels))

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        """Images of these rows, float32 [len(rows), h, w, channels]."""
        return self.normalize(self.images[rows][..., self.channels])


@dataclasses.dataclass(frozen=True)
class Curated:
    """Cells in a fixed order; their pixels are read when they are looked at.

    Attributes:
        images: Raw pixels [n, h, w, c], read when they are indexed.
        metadata: `METADATA` columns, each [n]; each `cell_id` is there once.
        labels: int [n], -1 for an unlabelled cell.
        class_names: Names of all classes that a cell can be given, k of them.
        channels: Channel names in image order, protein first.
        marker: Index of the marker channel, -1 for none.
        probabilities: float32 [n, k], calibrated; 0 for classes that the network does
            not know. None without a network.
        novelty: float32 [n]; None where it is not known.
        features: What the network's last layer says of each cell, float [n, f], in
            memory or on disk; None where it is not known.
    """

    images: Images
    metadata: dict[str, Shaped[np.ndarray, ' n']]
    labels: Integer[np.ndarray, ' n']
    class_names: tuple[str, ...]
    channels: tuple[str, ...]
    marker: int
    probabilities: Float[np.ndarray, 'n k'] | None = None
    novelty: Float[np.ndarray, ' n'] | None = None
    features: Float[np.ndarray, 'n f'] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def cell_ids(self) -> np.ndarray:
        """Name of each cell, text [n]."""
        return self.metadata['cell_id']

    @property
    def marker_name(self) -> str | None:
        """Name of the marker channel, None where there is none."""
        return self.channels[self.marker] if self.marker >= 0 else None

    @functools.cached_property
    def guesses(self) -> Int[np.ndarray, ' n']:
        """The network's class of each cell, -1 without a network."""
        if self.probabilities is None:
            return np.full(len(self), -1)
        return self.probabilities.argmax(axis=1)

    @functools.cached_property
    def named(self) -> Int[np.ndarray, ' n']:
        """The label or, without one, the network's class; -1 where neither is known."""
        return np.where(self.labels < 0, self.guesses, self.labels)

    def name(self, number: int) -> str:
        """Name of a class, '' for -1."""
        return self.class_names[number] if number >= 0 else ''

    def with_classes(self, more: Sequence[str]) -> Curated:
        """The cells with further names of classes after those that there are.

        Raises:
            ValueError: A cell has a name twice, or there is no class at all.
        """
        names = tuple(dict.fromkeys([*self.class_names, *more]))
        if not names:
            raise ValueError(
                'There is no class: name some, --config.classes=ER,"a, b".'
            )
        ids, counts = np.unique(self.cell_ids, return_counts=True)
        if (counts > 1).any():
            raise ValueError(
                f'{int((counts > 1).sum())} cell(s) have a name (cell_id) that another '
                f'has too, such as {ids[counts > 1][0]!r}: decisions go by the name.'
            )
        return dataclasses.replace(self, class_names=names)

    def with_network(
        self,
        probabilities: Float[np.ndarray, 'n m'],
        class_names: Sequence[str],
        novelty: Float[np.ndarray, ' n'] | None,
    ) -> Curated:
        """The cells with what a network says of them; its classes come to theirs.

        Args:
            probabilities: float [n, m], calibrated.
            class_names: Names of the network's m classes.
            novelty: float [n], where it is known.
        """
        cells = self.with_classes(class_names)
        spread = np.zeros((len(self), len(cells.class_names)), np.float32)
        spread[:, [cells.class_names.index(n) for n in class_names]] = probabilities
        return dataclasses.replace(cells, probabilities=spread, novelty=novelty)
