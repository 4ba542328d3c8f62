"""Features of cells in memory, as they are read from disk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.tables.feature_files import ABOUT, FEATURES, files_in
from deeploc_jax.tables.schema import SchemaError
from deeploc_jax.types import METADATA


@dataclasses.dataclass(frozen=True)
class Features:
    """Features of cells.

    Attributes:
        values: float32 [n, f].
        names: f names.
        labels: int32 [n], -1 for an unlabelled cell.
        metadata: The `METADATA` columns and `split`, each [n].
        class_names: In index order.
        about: Where they are from: screen, source, layer, ...
    """

    values: np.ndarray
    names: tuple[str, ...]
    labels: np.ndarray
    metadata: dict[str, np.ndarray]
    class_names: tuple[str, ...]
    about: dict[str, Any]

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, rows: np.ndarray) -> Features:
        """The cells of a mask or of row numbers."""
        return dataclasses.replace(
            self,
            values=self.values[rows],
            labels=self.labels[rows],
            metadata={name: column[rows] for name, column in self.metadata.items()},
        )

    def of_split(self, split: str) -> Features:
        """The cells, if any, of a split or of several, `train+validation`."""
        return self.where(np.isin(self.metadata['split'], [split, *split.split('+')]))

    def of_classes(self, names: Sequence[str]) -> Features:
        """The labelled cells of some classes, which are numbered anew in this order."""
        number = {self.class_names.index(name): i for i, name in enumerate(names)}
        kept = self.where(np.isin(self.labels, list(number)))
        labels = np.array([number[label] for label in kept.labels.tolist()], np.int32)
        return dataclasses.replace(kept, labels=labels, class_names=tuple(names))


def read_sets(paths: Sequence[str]) -> dict[str, Features]:
    """Features of several workdirs, by the names of these.

    Raises:
        ValueError: Two of them have the same name.
    """
    folders = [Path(path) for path in paths]
    if len({path.name for path in folders}) < len(folders):
        raise ValueError(f'Two of {", ".join(paths)} have the same name.')
    return {path.name: read_features(path) for path in folders}


def read_features(path: Path | str) -> Features:
    """Reads `features.parquet`, or the workdir that holds it.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It was not written by the task `features`, or not to its end, or
            columns are missing or of another type.
    """
    path = Path(path)
    if (path / 'features.parquet').exists():
        if not (path / 'run.json').exists():  # written last
            raise ValueError(f'{path} is not finished: run configs/features.py again.')
        path = path / 'features.parquet'
    if not path.exists() or (path.is_dir() and not files_in(path)):
        raise FileNotFoundError(f'{path} holds no features: run configs/features.py.')
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f'{path} cannot be read: {error}') from None
    stored = (table.schema.metadata or {}).get(ABOUT)
    if stored is None:
        raise ValueError(f'{path} was not written by configs/features.py.')
    try:
        return _parse(table, json.loads(stored), path)
    except SchemaError:
        raise
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        pa.ArrowException,
    ) as error:
        raise ValueError(
            f'{path} is damaged: what it says of its columns does not hold ({error!r}).'
        ) from None


def _parse(table: pa.Table, about: dict[str, Any], path: Path) -> Features:
    names, classes = (tuple(about.pop(key)) for key in ('names', 'class_names'))
    table = FEATURES.check(table, path, names)
    values = np.empty((len(table), len(names)), np.float32)
    for index, name in enumerate(names):
        values[:, index] = table[name].to_numpy()
    columns = (*METADATA, 'split')
    metadata = {n: table[n].to_numpy(zero_copy_only=False) for n in columns}
    return Features(values, names, table['label'].to_numpy(), metadata, classes, about)
