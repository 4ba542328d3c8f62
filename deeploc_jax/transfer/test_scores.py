"""How good the classes are that a tuned or probed network gives to cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from deeploc_jax import metrics
from deeploc_jax.predict.calibration import calibrate, mean_crop_probabilities
from deeploc_jax.reliability import expected_calibration_error
from deeploc_jax.types import Cells


def score(
    guesses: dict[str, np.ndarray], cells: dict[str, Cells], held_out: np.ndarray
) -> dict[str, Any]:
    """Scores of predicted classes.

    Args:
        guesses: Class indices of test and validation cells, [n] each.
        cells: These splits; unlabelled cells do not count.
        held_out: Which validation cells were not trained on, bool [n].

    Returns:
        `n_test`, `accuracy`, `balanced_accuracy` and `confusion` on test; as
        `validation` the balanced accuracy on the validation cells that were held out,
        None where there are none.
    """
    test, validation = cells['test'].labels >= 0, cells['validation'].labels >= 0
    certain, labels = _certain(guesses['test'], cells['test'], test)
    chosen = None
    if (validation & held_out).any():
        pair = _certain(
            guesses['validation'], cells['validation'], validation & held_out
        )
        chosen = float(metrics.balanced_accuracy(*pair))
    return dict(
        n_test=len(labels),
        accuracy=float(metrics.accuracy(certain, labels)),
        balanced_accuracy=float(metrics.balanced_accuracy(certain, labels)),
        confusion=metrics.confusion_matrix(certain, labels).tolist(),
        validation=chosen,
    )


def _certain(
    guesses: np.ndarray, cells: Cells, used: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Guesses as probabilities [m, k], and labels [m], of the cells used."""
    return np.eye(len(cells.class_names))[guesses[used]], cells.labels[used]


def score_logits(
    logits: dict[str, np.ndarray], cells: dict[str, Cells], held_out: np.ndarray
) -> dict[str, Any]:
    """Scores of a network, and whether its confidence can be trusted.

    Args:
        logits: Of test and validation cells, float [n, crops, k] each.
        cells: These splits; unlabelled cells do not count.
        held_out: Which validation cells were not trained on, bool [n].

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
    return score(guesses, cells, held_out) | dict(
        temperature=temperature,
        calibration=words,
        ece=error(temperature),
        ece_before_temperature=error(1.0),
    )
