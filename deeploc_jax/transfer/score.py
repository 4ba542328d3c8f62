"""How good the classes are that a tuned or probed network gives to cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from deeploc_jax import metrics
from deeploc_jax.evaluate.calibration import calibrate, mean_crop_probabilities
from deeploc_jax.reliability import expected_calibration_error
from deeploc_jax.types import Cells


def score(guesses: dict[str, np.ndarray], cells: dict[str, Cells]) -> dict[str, Any]:
    """Scores of predicted classes.

    Args:
        guesses: Class indices of test and validation cells, [n] each.
        cells: These splits; unlabelled cells do not count.

    Returns:
        Of test `n_test`, `accuracy`, `balanced_accuracy` and `confusion`; the balanced
        accuracy on validation as `validation`.
    """
    found = {}
    for name, split in guesses.items():
        known = cells[name].labels >= 0
        certain = np.eye(len(cells[name].class_names))[split[known]]
        labels = cells[name].labels[known]
        found[name] = dict(
            n_test=len(labels),
            accuracy=float(metrics.accuracy(certain, labels)),
            balanced_accuracy=float(metrics.balanced_accuracy(certain, labels)),
            confusion=metrics.confusion_matrix(certain, labels).tolist(),
        )
    chosen = found['validation']['balanced_accuracy']
    return found['test'] | dict(validation=chosen)


def score_logits(
    logits: dict[str, np.ndarray],
    cells: dict[str, Cells],
    held_out: np.ndarray | None = None,
) -> dict[str, Any]:
    """Scores of a network, and whether its confidence can be trusted.

    Args:
        logits: Of test and validation cells, float [n, crops, k] each.
        cells: These splits; unlabelled cells do not count.
        held_out: Which validation cells were not trained on, bool [n]; None: all.

    Returns:
        What `score` has, `temperature`, fitted on validation, in words on which cells
        (`calibration`), and the expected calibration error on test with it (`ece`) and
        without (`ece_before_temperature`).
    """
    temperature, words = calibrate(
        logits['validation'], cells['validation'].labels, held_out
    )
    known = cells['test'].labels >= 0

    def error(temperature: float) -> float:
        tested = mean_crop_probabilities(logits['test'][known], temperature)
        return float(expected_calibration_error(tested, cells['test'].labels[known]))

    guesses = {
        name: mean_crop_probabilities(values, temperature).argmax(1)
        for name, values in logits.items()
    }
    return score(guesses, cells) | dict(
        temperature=temperature,
        calibration=words,
        ece=error(temperature),
        ece_before_temperature=error(1.0),
    )
