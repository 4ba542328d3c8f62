"""What is made of a split of cells by a trained network: tables, a report, a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import ml_collections

from deeploc_jax import sharding
from deeploc_jax.evaluate.evaluation import write_evaluation
from deeploc_jax.predict.calibration import NOT_CALIBRATED
from deeploc_jax.predict.logits import Predict, predict_cells
from deeploc_jax.predict.novelty import score_cells
from deeploc_jax.report.page import write_report
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork
from deeploc_jax.workdir.record import short


def evaluate_and_report(
    config: ml_collections.ConfigDict,
    workdir: Path,
    split: str,
    predict: Predict,
    network: TrainedNetwork,
    cells: Cells,
    mesh: jax.sharding.Mesh,
) -> None:
    """Predicts a split, writes its tables and the report, and says what was made."""
    options, size = config.evaluation, config.evaluation.batch_size
    variables = sharding.put_replicated(network.variables, mesh)
    logits = predict_cells(predict, variables, cells, mesh, size, split)
    novelty = None
    if network.novelty:
        novelty = score_cells(network, cells, mesh, size)
    if jax.process_index():
        return
    summary = write_evaluation(
        workdir / 'evaluation' / split,
        cells,
        logits,
        novelty=novelty,
        temperature=network.card.temperature,
        seed=config.seed,
        resamples=options.resamples,
    )
    report = write_report(workdir, split)
    words = network.card.calibration
    unsure = f'\nConfidence: {words}' if words.startswith(NOT_CALIBRATED) else ''
    print(f'\n{in_words(summary, split)}{unsure}\nReport:     {short(report)}')


def print_next(workdir: Path) -> None:
    """What can be done with a trained network."""
    source = short(workdir)
    print(
        f'Next:       python launch.py --config=configs/evaluate.py '
        f'--config.source={source} --config.split=validation '
        f'--workdir={source}-validation\n'
        'Your cells: datasets/README.md, "Bring your own data"'
    )


def in_words(summary: dict[str, Any], split: str) -> str:
    """The main number with its interval, or what was counted without labels."""
    unlike = summary['unlike_training']
    new = '' if unlike is None else f'; {unlike:.1%} unlike anything seen in training'
    if not summary['n_labelled']:
        count = summary['n_cells']
        return f'{count:,} unlabelled cells of {split!r} were predicted{new}.'
    accuracy = summary['accuracy']
    low, high = accuracy['interval']
    return (
        f'{split} accuracy: {accuracy["value"]:.3f} (95 % {low:.3f} to {high:.3f}, '
        f'resampled by {summary["resampled_by"]}) over {summary["n_labelled"]:,} cells'
        f'{new}'
    )
