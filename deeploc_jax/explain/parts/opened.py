"""What all parts of the page are made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax.explain.inside import DRAWS
from deeploc_jax.explain.layers import default_layers, layer_names
from deeploc_jax.explain.organelles import (
    class_lights,
    is_simulated_now,
    organelle_masks,
)
from deeploc_jax.explain.sample import Measured, Sample
from deeploc_jax.lookup import check_name
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import TableSchema, rows_to_table


@dataclasses.dataclass(frozen=True)
class Opened:
    """A network, some cells, and where tables go.

    Attributes:
        workdir: Folder of the run.
        sample: The network, fit to the screen, and some cells of the split.
        sampled: How many of them all parts but the attributions look at.
        measurements: Whether hand-made measurements of these are taken.
        seed: Seed of all that is drawn.
        record: What `run.json` says.
    """

    workdir: Path
    sample: Sample
    sampled: int
    measurements: bool
    seed: int
    record: dict[str, Any]

    def drawn(self) -> Sample:
        """The cells that all parts but the attributions look at."""
        return self.sample.drawn(self.sampled, self.seed)

    def measured(self, sample: Sample) -> Measured | None:
        """Measurements of some cells, where they are asked for."""
        if not self.measurements:
            return None
        folder = self.workdir / 'measurements.parquet'
        return sample.measured(folder, self.record['split'])

    def layers(self, asked: Sequence[str]) -> list[str]:
        """The layers asked for, or those that are shown where none is.

        Raises:
            ValueError: There is no such layer.
        """
        names = layer_names(self.sample.network)
        for name in asked:
            check_name('layer', name, names)
        return [*asked] or default_layers(names)

    def organelles(self, rows: np.ndarray) -> np.ndarray | None:
        """Where organelles of some cells lie in their crops, where the screen tells."""
        if not (screen := self.simulated_screen()):
            return None
        ids = self.sample.cells.metadata['cell_id'][rows]
        return self._crop(organelle_masks(screen, ids.tolist()))

    def class_lights(self, sample: Sample, rows: np.ndarray) -> np.ndarray | None:
        """Light of the organelles of all classes in the crops of some cells.

        Args:
            sample: The cells that the rows are of.
            rows: Rows of the cells.
        """
        if not (screen := self.simulated_screen()):
            return None
        ids = sample.cells.metadata['cell_id'][rows].tolist()
        names = sample.network.card.class_names
        return self._crop(class_lights(screen, ids, names, DRAWS))

    def simulated_screen(self) -> str | None:
        """The name of the screen, where this version of the simulator makes it."""
        name = self.record['dataset']
        return name.split('/')[1] if is_simulated_now(name) else None

    def _crop(self, stored: np.ndarray) -> np.ndarray:
        """What the network sees of stored images, [..., 64, 64]."""
        margin = self.sample.margin
        inner = slice(margin, margin + self.sample.network.card.crop)
        return stored[..., inner, inner]

    def write(self, rows: list[dict[str, Any]], schema: TableSchema) -> None:
        """Writes a table of the workdir."""
        write_table(rows_to_table(rows, schema.arrow()), self.workdir / schema.path)
