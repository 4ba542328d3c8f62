"""Scores of a tuned or probed network on test and validation cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from deeploc_jax import metrics
from deeploc_jax.groups import NewCells
from deeploc_jax.predict.calibration import calibrate, mean_crop_probabilities
from deeploc_jax.reliability import expected_calibration_error
from deeploc_jax.types import Cells


def score(
    guesses: dict[str, Int[np.ndarray, ' _']],
    cells: dict[str, Cells],
    held_out: Bool[np.ndarray, ' v'],
) -> dict[str, Any]:
    """Scores of predicted classes.

    Args:
        guesses: Class indices of all test and validation cells.
        cells: These splits; unlabelled cells do not count.
        held_out: Which validation cells were not trained on.

    Returns:
        `n_test`, `accuracy`, `balanced_accuracy` and `confusion` on test; as
        `validation` the balanced accuracy on the validation cells that were held out,
        None where there are none.
    """
    test = cells['test'].labels >= 0
    validation = (cells['validation'].labels >= 0) & held_out
    certain, labels = _certain(guesses['test'], cells['test'], test)
    chosen = None
    if validation.any():
        pair = _certain(guesses['validation'], cells['validation'], validation)
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
    return metrics.certain(guesses[used], len(cells.class_names)), cells.labels[used]


def score_logits(
    logits: dict[str, Float[np.ndarray, '_ crops k']],
    cells: dict[str, Cells],
    held_out: Bool[np.ndarray, ' v'],
    new: NewCells,
) -> dict[str, Any]:
    """Scores of a network, and how far its confidence can be trusted.

    Args:
        logits: Logits of all test and validation cells.
        cells: These splits; unlabelled cells do not count.
        held_out: Which validation cells were not trained on.
        new: Which of these calibrate it, from `groups.new_cells`.

    Returns:
        The scores of `score`; `temperature`, fitted on validation; `calibration`, in
        words on which cells; the expected calibration error on test with the
        temperature (`ece`) and without (`ece_before_temperature`).
    """
    temperature, words = calibrate(
        logits['validation'], cells['validation'].labels, new
    )
    calibrated, plain = (
        {name: mean_crop_probabilities(values, t) for name, values in logits.items()}
        for t in (temperature, 1.0)
    )
    scores = score_probabilities(calibrated, plain, cells, held_out)
    return scores | dict(temperature=temperature, calibration=words)


def score_probabilities(
    calibrated: dict[str, Float[np.ndarray, '_ k']],
    plain: dict[str, Float[np.ndarray, '_ k']],
    cells: dict[str, Cells],
    held_out: Bool[np.ndarray, ' v'],
) -> dict[str, Any]:
    """Scores of class probabilities, and how far they can be trusted.

    Args:
        calibrated: Probabilities of all test and validation cells.
        plain: Those without the temperature.
        cells: These splits; unlabelled cells do not count.
        held_out: Which validation cells were not trained on.

    Returns:
        The scores of `score`, and the expected calibration error on test of both (`ece`
        and `ece_before_temperature`).
    """
    test = cells['test'].labels
    known = test >= 0

    def error(probabilities: dict[str, np.ndarray]) -> float:
        shown = probabilities['test'][known]
        return float(expected_calibration_error(shown, test[known]))

    guesses = {name: values.argmax(1) for name, values in calibrated.items()}
    return score(guesses, cells, held_out) | dict(
        ece=error(calibrated), ece_before_temperature=error(plain)
    )
