"""The results of one evaluated split are read from a workdir and checked."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax.files import read_json, read_jsonl
from deeploc_jax.tables.parquet import class_names, class_values
from deeploc_jax.tables.predictions import read_predictions, read_proteins

_REQUIRED = (
    'config.json',
    'run.json',
    'evaluation/{split}/metrics.json',
    'evaluation/{split}/predictions.parquet',
    'evaluation/{split}/examples.npz',
)


@dataclasses.dataclass(frozen=True)
class Results:
    """One evaluated split of a run; rows of the tables in file order.

    Attributes:
        split: Name of the split.
        config: Resolved configuration, config.json.
        run: Record of the run, run.json.
        history: Rows of metrics.jsonl; empty where nothing was trained.
        metrics: Numbers of the evaluation, metrics.json.
        predictions: Table with one row per cell.
        proteins: Table with one row per protein (or well), None where there is none.
        images: Crops kept for the sheets, uint8 [m, h, w, c].
        image_rows: Row of each crop in `predictions`, int64 [m].
        unlike_images: Crops of cells unlike anything seen in training, uint8
            [u, h, w, c].
        unlike_rows: Row of each of them in `predictions`, int64 [u], the strangest
            first.
        class_names: The k class names in index order.
    """

    split: str
    config: dict[str, Any]
    run: dict[str, Any]
    history: list[dict[str, Any]]
    metrics: dict[str, Any]
    predictions: pa.Table
    proteins: pa.Table | None
    images: np.ndarray
    image_rows: np.ndarray
    unlike_images: np.ndarray
    unlike_rows: np.ndarray
    class_names: tuple[str, ...]

    def column(self, name: str) -> np.ndarray:
        """One column of the predictions as an array [n]."""
        return self.predictions[name].to_numpy()

    @property
    def labelled(self) -> np.ndarray:
        """Whether each cell has a true class, bool [n]."""
        return self.column('label') >= 0

    @property
    def probabilities(self) -> np.ndarray:
        """Class probabilities in index order, float32 [n, k]."""
        return class_values(self.predictions)

    @property
    def channels(self) -> list[str]:
        """Channel names in image order, protein first."""
        count = self.images.shape[-1]
        names = self.run.get('channels') or ['protein', 'marker'][:count]
        return [*names, *(f'channel {i}' for i in range(len(names), count))][:count]

    @property
    def marker(self) -> int:
        """Index of the marker channel, -1 for none."""
        default = 1 if self.images.shape[-1] > 1 else -1
        return int(self.run.get('marker_channel', default))


def read_results(workdir: Path) -> Results:
    """Reads the files that a report is made from.

    The split is the one that the run was asked to evaluate; a training asks for none
    and evaluates 'test'.

    Args:
        workdir: Folder of a run.

    Raises:
        FileNotFoundError: Files are missing; all are named.
        ValueError: A file is broken or lacks columns; it is named.
    """
    workdir = Path(workdir)
    path = workdir / 'config.json'
    config = read_json(path) if path.exists() else {}
    split = config.get('split', 'test')
    required = [name.format(split=split) for name in _REQUIRED]
    missing = [name for name in required if not (workdir / name).exists()]
    if missing:
        raise FileNotFoundError(
            f'{workdir} has no {", ".join(missing)}. Evaluate the {split!r} split of '
            'the run first: a report is drawn from the files that this writes.'
        )
    folder = workdir / 'evaluation' / split
    predictions = read_predictions(folder / 'predictions.parquet')
    path, proteins = folder / 'proteins.parquet', None
    if path.exists():
        proteins = read_proteins(path)
    names = class_names(predictions)
    with np.load(folder / 'examples.npz', allow_pickle=False) as examples:
        images, image_rows = examples['images'], examples['rows']
        none = dict(unlike_images=images[:0], unlike_rows=image_rows[:0])
        unlike = {name: examples.get(name, empty) for name, empty in none.items()}
    return Results(
        split=split,
        config=config,
        run=read_json(workdir / 'run.json'),
        history=read_jsonl(workdir / 'metrics.jsonl'),
        metrics=read_json(folder / 'metrics.json'),
        predictions=predictions,
        proteins=proteins,
        images=images,
        image_rows=image_rows,
        **unlike,
        class_names=names,
    )
