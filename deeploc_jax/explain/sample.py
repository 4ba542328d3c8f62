"""The cells that are looked at, and what is known of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32, Int

from deeploc_jax import sharding
from deeploc_jax.data.augment import center_crop
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.program import make_program
from deeploc_jax.predict.views import views_of
from deeploc_jax.tables.cell_columns import names_of
from deeploc_jax.tables.feature_files import features_table
from deeploc_jax.tables.features import read_features
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork


@dataclasses.dataclass(frozen=True)
class Measured:
    """Hand-made measurements of cells.

    Attributes:
        names: Names of the m measurements.
        values: float32 [n, m].
    """

    names: Sequence[str]
    values: Float32[np.ndarray, 'n m']


@dataclasses.dataclass(frozen=True)
class Sample:
    """A network, and some cells in memory.

    Attributes:
        network: The network, fit to the screen of the cells.
        cells: The cells.
        batch_size: Cells at a time.
    """

    network: TrainedNetwork
    cells: Cells
    batch_size: int

    def drawn(self, count: int, seed: int) -> Sample:
        """Some of the cells, drawn at random, in their order."""
        rng = np.random.default_rng([seed, 1])
        rows = np.sort(rng.permutation(len(self.cells))[:count])
        return dataclasses.replace(self, cells=self.cells.at(rows))

    @property
    def images(self) -> Float32[np.ndarray, 'n s s c']:
        """The central crops, as large as those that the network looks at."""
        pixels = jnp.asarray(self.cells.images[np.arange(len(self.cells))])
        return np.asarray(center_crop(pixels, self.network.card.crop))

    @property
    def margin(self) -> int:
        """Pixels of the stored image on each side of a crop."""
        return (self.cells.images.shape[1] - self.network.card.crop) // 2

    def probabilities(self) -> np.ndarray:
        """Class probabilities by the central crop, float32 [n, k]."""
        card = self.network.card
        logits = make_logits(self.network.model, views_of(card, 1))
        mesh = sharding.make_mesh()
        devices = mesh.devices.size
        size = -(-self.batch_size // devices) * devices
        program = make_program(logits, self.network.variables, mesh, size)
        return mean_crop_probabilities(program(self.cells), card.temperature)

    def classes(self) -> tuple[Int[np.ndarray, ' n'], Sequence[str]]:
        """Class of each cell, -1 where it is not known, and the names of the classes.

        Where none is known, each cell has the class that the network calls it.
        """
        if (self.cells.labels >= 0).any():
            return self.cells.labels, self.cells.class_names
        return self.probabilities().argmax(1), self.network.card.class_names

    def about(self, row: int) -> dict[str, Any]:
        """What tables say of a cell: `cell_id`, `protein` and `label_name`."""
        cells = self.cells
        known = {name: cells.metadata[name][row] for name in ('cell_id', 'protein')}
        label = names_of(cells.labels[[row]], cells.class_names)[0]
        return known | dict(label_name=label)

    def row_of(self, name: str) -> int:
        """Row of the cell with this `cell_id`.

        Raises:
            ValueError: It is not among the cells.
        """
        rows = np.flatnonzero(self.cells.metadata['cell_id'] == name)
        if not len(rows):
            raise ValueError(
                f'maps.near: cell {name} is not among the {len(self.cells):,} cells '
                'that were drawn; map_points.parquet lists them.'
            )
        return int(rows[0])

    def measured(self, folder: Path, split: str) -> Measured:
        """Hand-made measurements, which are taken once.

        Args:
            folder: Where they are kept.
            split: Split that the cells are of, for the table.

        Raises:
            ImportError: The extra that measures is not installed.
        """
        from deeploc_jax.measurements import measure_cells  # an extra

        path = folder / f'{len(self.cells)}.parquet'
        if not path.is_file():
            names, values = measure_cells(self.cells, self.network.card.marker_channel)
            about = dict(source='measurements')
            write_table(features_table(self.cells, split, names, values, about), path)
        kept = read_features(path)
        return Measured(kept.names, kept.values)
