"""Everything that an evaluation of one split leaves in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax import reliability
from deeploc_jax.evaluate.examples import write_examples
from deeploc_jax.evaluate.proteins import proteins_table
from deeploc_jax.evaluate.summary import plain, summarize
from deeploc_jax.files import write_json
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import confusion_table, predictions_table
from deeploc_jax.types import Cells


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
        logits: float [n, crops, k].
        novelty: float [n], if it is known; see `weights.novelty`.
        temperature: Temperature fitted on validation; see `calibration`.
        seed: Seed of the bootstrap and of the choice of example cells.
        resamples: Number of resamples of the bootstrap.

    Returns:
        What `metrics.json` holds: `summarize`, `temperature`,
        `ece_before_temperature` and `unlike_training`, the share of cells with a
        novelty above 1, None where that is not known.
    """
    probabilities = mean_crop_probabilities(logits, temperature)
    split = cells.metadata, cells.labels, probabilities, cells.class_names
    per_protein = proteins_table(*split)
    summary = summarize(*split, per_protein, seed=seed, resamples=resamples)
    summary['temperature'] = temperature
    summary['ece_before_temperature'] = _uncalibrated_error(logits, cells.labels)
    unlike = None if novelty is None else float(np.mean(novelty > 1))
    summary['unlike_training'] = unlike
    summary = plain(summary)
    write_json(folder / 'metrics.json', summary)
    write_table(predictions_table(*split, novelty), folder / 'predictions.parquet')
    write_table(per_protein, folder / 'proteins.parquet')
    confusion = confusion_table(summary['confusion'] or [], cells.class_names)
    write_table(confusion, folder / 'confusion.parquet')
    write_examples(folder / 'examples.npz', cells, probabilities, novelty, seed)
    return summary


def _uncalibrated_error(logits: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error at temperature 1, NaN without a labelled cell."""
    known = labels >= 0
    if not known.any():
        return np.nan
    probabilities = mean_crop_probabilities(logits[known])
    return float(reliability.expected_calibration_error(probabilities, labels[known]))
