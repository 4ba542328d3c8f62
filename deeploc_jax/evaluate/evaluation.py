"""Everything an evaluation of one split leaves in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax import reliability
from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.evaluate import proteins
from deeploc_jax.evaluate.summary import plain, summarise
from deeploc_jax.files import atomic_write, write_json
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.tables import parquet, schema
from deeploc_jax.types import Cells

EXAMPLES_PER_CLASS = 8
MISTAKES = 48
UNLIKE = 24


def write_evaluation(
    folder: Path,
    cells: Cells,
    logits: np.ndarray,
    *,
    novelty: np.ndarray | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Writes metrics, predictions, proteins and pictures of one split.

    Args:
        folder: Gets `metrics.json`, `predictions.parquet`, `proteins.parquet`,
            `confusion.parquet` and `examples.npz`.
        cells: The split.
        logits: float [n, crops, k] of its cells.
        novelty: Of its cells, float [n]; see `weights.novelty`.
        temperature: Fitted on validation; see `calibration`.
        seed: Of the bootstrap and of the choice of example cells.
        resamples: Of the bootstrap.

    Returns:
        What `metrics.json` holds: `summarise`, `temperature`,
        `ece_before_temperature` and `unlike_training`, the share of cells with a
        novelty above 1, None where that is not known.
    """
    probabilities = mean_crop_probabilities(logits, temperature)
    labels, names = cells.labels, cells.class_names
    per_protein = proteins.proteins_table(cells.metadata, labels, probabilities, names)
    summary = summarise(
        probabilities,
        labels,
        cells.metadata,
        names,
        seed=seed,
        resamples=resamples,
        table=per_protein,
    )
    known = labels >= 0
    before = np.nan
    if known.any():
        before = reliability.expected_calibration_error(
            mean_crop_probabilities(logits[known]), labels[known]
        )
    more = dict(temperature=temperature, ece_before_temperature=before)
    unlike = None if novelty is None else float(np.mean(novelty > 1))
    summary |= plain(more | dict(unlike_training=unlike))
    write_json(folder / 'metrics.json', summary)
    per_cell = schema.predictions_table(
        cells.metadata, labels, probabilities, names, novelty
    )
    parquet.write_table(per_cell, folder / 'predictions.parquet')
    parquet.write_table(per_protein, folder / 'proteins.parquet')
    confusion = schema.confusion_table(summary['confusion'] or [], names)
    parquet.write_table(confusion, folder / 'confusion.parquet')
    chosen: dict[str, Any] = dict(rows=example_rows(probabilities, labels, seed))
    if novelty is not None:
        chosen['unlike_rows'] = unlike_rows(novelty)
    pictures: dict[str, Any] = {
        name.replace('rows', 'images'): _shown(cells.images[rows])
        for name, rows in chosen.items()
    }
    atomic_write(
        folder / 'examples.npz',
        lambda temporary: np.savez_compressed(temporary, **chosen, **pictures),
    )
    return summary


def _shown(images: np.ndarray) -> np.ndarray:
    """Pictures, uint8 [m, h, w, c], of images of any brightness and range."""
    return np.round(percentile_normalize(images) * 255).astype('u1')


def unlike_rows(novelty: np.ndarray) -> np.ndarray:
    """Cells unlike anything seen to look at, the strangest first: int64 row numbers.

    Args:
        novelty: float [n].
    """
    order = np.argsort(-novelty, kind='stable')[:UNLIKE]
    return order[novelty[order] > 1].astype(np.int64)


def example_rows(
    probabilities: np.ndarray, labels: np.ndarray, seed: int
) -> np.ndarray:
    """Cells to look at: random ones of each class and the most confident mistakes.

    The random ones are cells called rightly, or unlabelled ones.

    Args:
        probabilities: [n, k].
        labels: int [n], -1 for an unlabelled cell.
        seed: Of the random choice.

    Returns:
        Sorted row numbers, int64.
    """
    predicted = probabilities.argmax(1)
    known = labels >= 0
    right = (predicted == labels) | ~known
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[right[order]]
    chosen = [
        order[predicted[order] == k][:EXAMPLES_PER_CLASS]
        for k in range(probabilities.shape[1])
    ]
    wrong = np.flatnonzero(known & (predicted != labels))
    surest = wrong[np.argsort(-probabilities.max(1)[wrong], kind='stable')]
    return np.unique(np.concatenate([*chosen, surest[:MISTAKES]])).astype(np.int64)
