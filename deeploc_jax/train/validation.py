"""Uses the validation split to choose a checkpoint and to calibrate it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import flax.linen as nn
import jax
import numpy as np

from deeploc_jax import metrics
from deeploc_jax.groups import new_cells
from deeploc_jax.predict import calibration
from deeploc_jax.predict.calibration import crop_loss, mean_crop_probabilities
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.novelty import fit_novelty
from deeploc_jax.predict.prediction_sets import fit_sets
from deeploc_jax.predict.program import Program, compiled
from deeploc_jax.predict.views import Views
from deeploc_jax.train.state import TrainState
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork

SELECTORS = (
    'validation/loss',
    'validation/accuracy',
    'validation/balanced_accuracy',
)
"""Metrics by which the best checkpoint can be selected."""


def make_validate(
    model: nn.Module,
    cells: Cells,
    mesh: jax.sharding.Mesh,
    *,
    crop: int,
    batch_size: int,
) -> Callable[[TrainState], dict[str, float]]:
    """Makes the function state -> loss, accuracy and balanced accuracy.

    Args:
        model: The network.
        cells: The validation split; only the central crops are looked at.
        mesh: Mesh from `sharding.make_mesh`.
        crop: Side of the crops in pixels.
        batch_size: Cells at a time, over all devices.

    Raises:
        ValueError: No cell of it is labelled.
    """
    known = cells.labels >= 0
    if not known.any():
        raise ValueError(
            'The validation split has no labelled cell to choose the best checkpoint '
            'by; set --config.splits.validation.'
        )
    labels = cells.labels[known]
    logits = compiled(make_logits(model, Views(crop, 1)), mesh)

    def validate(state: TrainState) -> dict[str, float]:
        program = Program(logits, state.variables, mesh, batch_size)
        found = program(cells, 'validate')[known]
        if not np.isfinite(found).all():
            return {'validation/loss': np.nan}
        probabilities = mean_crop_probabilities(found)
        balanced = metrics.balanced_accuracy(probabilities, labels)
        return {
            'validation/loss': crop_loss(found, labels),
            'validation/accuracy': float(metrics.accuracy(probabilities, labels)),
            'validation/balanced_accuracy': float(balanced),
        }

    return validate


def calibrated(
    network: TrainedNetwork,
    outputs: Program,
    cells: dict[str, Cells],
    held_out: np.ndarray,
) -> TrainedNetwork:
    """The network with its confidence, and with what it has seen, in one pass.

    Cells that were trained on show neither how sure to be nor what is usual.

    Args:
        network: A network with a card that has no temperature yet.
        outputs: Program of its logits and its last layer's features.
        cells: The splits `train` and `validation`.
        held_out: Validation cells that were not trained on, bool [n].
    """
    validation = cells['validation']
    logits, features = outputs(validation, 'calibrate')
    labels, train = validation.labels, cells['train'].metadata
    new = new_cells(train, validation.metadata, labels, held_out)
    found = calibration.calibrate(logits, labels, new)
    card = dataclasses.replace(
        network.card,
        temperature=found.temperature,
        calibration=found.words,
        prediction_sets=fit_sets(logits, labels, new, found.temperature),
    )
    novelty = fit_novelty(
        network,
        cells['train'],
        validation,
        outputs.mesh,
        outputs.batch_size,
        held_out=held_out,
        features=features,
    )
    return dataclasses.replace(network, card=card, novelty=novelty)
