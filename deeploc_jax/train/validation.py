"""What training needs the validation split for: choosing and calibrating."""

from __future__ import annotations

from collections.abc import Callable

import jax
import ml_collections
import numpy as np

from deeploc_jax import metrics
from deeploc_jax.predict import calibration
from deeploc_jax.predict.calibration import crop_loss, mean_crop_probabilities
from deeploc_jax.predict.logits import Predict, make_predict, predict_cells
from deeploc_jax.train.experiment import Experiment
from deeploc_jax.train.state import TrainState
from deeploc_jax.types import Cells


def make_validate(
    config: ml_collections.ConfigDict,
    experiment: Experiment,
    cells: Cells,
    mesh: jax.sharding.Mesh,
) -> Callable[[TrainState], dict[str, float]]:
    """State -> loss, accuracy and balanced accuracy on the central crops."""
    predict = make_predict(
        experiment.model, mesh, crop=config.augmentation.crop, crops=1
    )
    known = cells.labels >= 0
    if not known.any():
        raise ValueError(
            f'Split {config.splits.validation!r} has no labelled cell to choose the '
            'best checkpoint by; set --config.splits.validation.'
        )
    labels = cells.labels[known]
    size = config.evaluation.batch_size

    def validate(state: TrainState) -> dict[str, float]:
        logits = predict_cells(predict, state.variables, cells, mesh, size, 'validate')[
            known
        ]
        if not np.isfinite(logits).all():
            return {'validation/loss': np.nan}
        probabilities = mean_crop_probabilities(logits)
        balanced = metrics.balanced_accuracy(probabilities, labels)
        return {
            'validation/loss': crop_loss(logits, labels),
            'validation/accuracy': float(metrics.accuracy(probabilities, labels)),
            'validation/balanced_accuracy': float(balanced),
        }

    return validate


def calibrate(
    predict: Predict,
    state: TrainState,
    cells: Cells,
    mesh: jax.sharding.Mesh,
    config: ml_collections.ConfigDict,
    held_out: np.ndarray,
) -> calibration.Calibration:
    """The temperature fitted on the validation cells that are held out, bool [n]."""
    size = config.evaluation.batch_size
    logits = predict_cells(predict, state.variables, cells, mesh, size, 'calibrate')
    return calibration.calibrate(logits, cells.labels, held_out)
