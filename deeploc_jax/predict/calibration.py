"""Temperature scaling of a prediction that is a mean of softmax over crops.

A network's logits are often too far apart: it is 99 % sure and 95 % right. One number,
the temperature T, is fitted on validation cells so that the mean over the crops c of
softmax(logits / T) is the likeliest. Each crop keeps its most probable class; that of
their mean can change where crops disagree.

References:
    Guo et al. 2017, On calibration of modern neural networks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Integer
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp, softmax

from deeploc_jax import metrics
from deeploc_jax.groups import NewCells
from deeploc_jax.reliability import NOT_CALIBRATED

TEMPERATURES = (0.05, 20.0)
"""Range of the fit. A validation split without one mistake ends at the lower end."""


def mean_crop_probabilities(
    logits: np.ndarray, temperature: float = 1.0
) -> Float64[np.ndarray, 'n k']:
    """Class probabilities of cells: mean over the crops of softmax(logits / T).

    Args:
        logits: float [n, crops, k].
        temperature: T > 0; above 1 is less sure, 1 is the network as it is.

    Returns:
        float64 [n, k], rows sum to 1.

    Raises:
        ValueError: Logits of another rank, not finite, or a temperature <= 0.
    """
    return softmax(_scaled(logits, temperature), axis=-1).mean(axis=1)


def crop_loss(
    logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0
) -> float:
    """Mean negative log of `mean_crop_probabilities` of the true class, in nats.

    Computed from log probabilities, so that no cell is too wrong to count.

    Args:
        logits: float [n, crops, k].
        labels: int [n] in 0..k-1.
        temperature: T > 0.
    """
    scaled = _scaled(logits, temperature)
    labels = metrics.check_labels(labels, len(scaled), scaled.shape[-1])
    crops = log_softmax(scaled, axis=-1)[np.arange(len(labels)), :, labels]
    return float(np.mean(np.log(crops.shape[1]) - logsumexp(crops, axis=1)))


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature in `TEMPERATURES` with the smallest loss on these cells.

    Args:
        logits: float [n, crops, k] of validation cells, never of the test split.
        labels: int [n] in 0..k-1.

    Returns:
        T; 1.0 when that is no better than leaving the logits as they are.
    """
    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(
        lambda log_t: crop_loss(logits, labels, float(np.exp(log_t))),
        bounds=(low, high),
        method='bounded',
        options={'xatol': 1e-4},
    )
    # The loss of a mean over crops may have several minima: never end above T = 1.
    better = found.fun < crop_loss(logits, labels)
    return float(np.exp(found.x)) if better else 1.0


class Calibration(NamedTuple):
    """A temperature, and on which cells it was fitted, in words."""

    temperature: float
    words: str


def calibrate(
    logits: Float[np.ndarray, 'n crops k'],
    labels: Integer[np.ndarray, ' n'],
    new: NewCells,
) -> Calibration:
    """Fits the temperature on validation cells that are new to the network.

    A network is surer of the cells and the proteins that it was trained on than it is
    right elsewhere.

    Args:
        logits: float [n, crops, k] of validation cells.
        labels: int [n], -1 for an unlabelled cell.
        new: Which of the cells are new, from `groups.new_cells`.

    Returns:
        The temperature 1 where no labelled cell is left.
    """
    known = labels >= 0
    used = known & new.cells
    if not used.any():
        words = 'all validation cells were trained on'
        if not known.any():
            words = 'no validation cell is labelled'
        return Calibration(1.0, f'{NOT_CALIBRATED}: {words}')
    words = f'temperature fitted on {used.sum():,} validation cells'
    if others := (known & ~used).sum():
        words += f', without {others:,} that were trained on'
        words += '' if new.unit == 'cell' else ' or resemble these'
    words += new.words(used)
    return Calibration(fit_temperature(logits[used], labels[used]), words)


def _scaled(logits: np.ndarray, temperature: float) -> Float64[np.ndarray, 'n crops k']:
    logits = np.asarray(logits, np.float64)
    if logits.ndim != 3 or 0 in logits.shape:
        raise ValueError(
            'logits must be [cells, crops, classes] with at least one of each, but '
            f'have shape {logits.shape}. One crop a cell is logits[:, None].'
        )
    if not np.isfinite(logits).all():
        row = int(np.argmin(np.isfinite(logits).all(axis=(1, 2))))
        raise ValueError(f'logits[{row}] are not finite: the network has diverged.')
    if not 0 < temperature < np.inf:
        raise ValueError(f'temperature ({temperature}) must be above 0 and finite.')
    return logits / temperature
