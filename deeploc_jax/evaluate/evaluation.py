"""Predicts the cells of a split, and writes all that its evaluation leaves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax import reliability
from deeploc_jax.devices import is_main
from deeploc_jax.evaluate.confidence import confidence
from deeploc_jax.evaluate.examples import write_examples
from deeploc_jax.evaluate.proteins import proteins_table
from deeploc_jax.evaluate.summary import summarize
from deeploc_jax.files import write_json
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.program import Program
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import confusion_table, predictions_table
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork
from deeploc_jax.weights.prediction_sets import PredictionSets


def evaluate_split(
    folder: Path,
    network: TrainedNetwork,
    outputs: Program,
    cells: Cells,
    *,
    seed: int,
    resamples: int,
) -> dict[str, Any] | None:
    """Predicts a split and writes its tables.

    Args:
        folder: Folder that the tables go to, see `write_evaluation`; it has the name of
            the split.
        network: The network, with its temperature and what it has seen.
        outputs: Program of its logits and, if it knows novelty, of that layer's
            features. They are scored batch by batch: all of them are never held.
        cells: The split.
        seed: Seed of the bootstrap and of the choice of example cells.
        resamples: Number of resamples of the bootstrap.

    Returns:
        What `metrics.json` holds; None in every process but the first, which alone
        writes.
    """
    logits, novelty = [], []
    for batch in outputs.batches(cells, folder.name):
        if is_main():
            logits.append(batch.logits)
            if network.novelty:
                novelty.append(network.novelty.score(batch.features))
    if not is_main():
        return None
    return write_evaluation(
        folder,
        cells,
        np.concatenate(logits),
        novelty=np.concatenate(novelty) if novelty else None,
        temperature=network.card.temperature,
        proteins=network.card.proteins,
        sets=network.card.prediction_sets,
        seed=seed,
        resamples=resamples,
    )


def write_evaluation(
    folder: Path,
    cells: Cells,
    logits: np.ndarray,
    *,
    novelty: np.ndarray | None = None,
    temperature: float = 1.0,
    proteins: Sequence[str] = (),
    sets: PredictionSets | None = None,
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
        proteins: Proteins that the network was trained on, as far as they are known.
        sets: Limits of its prediction sets, where they are known.
        seed: Seed of the bootstrap and of the choice of example cells.
        resamples: Number of resamples of the bootstrap.

    Returns:
        What `metrics.json` holds: `summarize`, `temperature`,
        `ece_before_temperature`, `unlike_training`, the share of cells with a novelty
        above 1 (None where that is not known), and what `confidence` adds.
    """
    probabilities = mean_crop_probabilities(logits, temperature)
    split = cells.metadata, cells.labels, probabilities, cells.class_names
    per_protein = proteins_table(*split)
    summary = summarize(*split, per_protein, seed=seed, resamples=resamples)
    summary |= dict(
        temperature=temperature,
        ece_before_temperature=_uncalibrated_error(logits, cells.labels),
        unlike_training=None if novelty is None else float(np.mean(novelty > 1)),
    )
    members = sets.members(probabilities, logits.shape[1]) if sets else None
    summary |= confidence(*split, members, proteins)
    confusion = confusion_table(summary['confusion'] or [], cells.class_names)
    per_cell = predictions_table(*split, novelty, members)
    write_table(confusion, folder / 'confusion.parquet')
    write_table(per_cell, folder / 'predictions.parquet')
    write_table(per_protein, folder / 'proteins.parquet')
    write_examples(folder / 'examples.npz', cells, probabilities, novelty, seed)
    write_json(folder / 'metrics.json', summary)
    return summary


def _uncalibrated_error(logits: np.ndarray, labels: np.ndarray) -> float | None:
    """Expected calibration error at temperature 1, None without a labelled cell."""
    known = labels >= 0
    if not known.any():
        return None
    probabilities = mean_crop_probabilities(logits[known])
    return float(reliability.expected_calibration_error(probabilities, labels[known]))
