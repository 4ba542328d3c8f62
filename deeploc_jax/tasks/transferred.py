"""The network of a transfer, as weights that can be taken along."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np

from deeploc_jax import __version__
from deeploc_jax.evaluate.calibration import fit_temperature, mean_crop_probabilities
from deeploc_jax.metrics import accuracy
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import Network, write_weights


@dataclasses.dataclass(frozen=True)
class Target:
    """The screen that a network is taken to.

    Attributes:
        cells: Train, validation and test, channels in the order of the network's.
        marker_channel: Index of the marker among them, -1: none.
        dataset: Full name of the screen.
        simulated: Whether its cells were simulated.
        licence: Of its images.
    """

    cells: dict[str, Cells]
    marker_channel: int
    dataset: str
    simulated: bool
    licence: str


def write_transferred(
    config: ml_collections.ConfigDict,
    workdir: Path,
    source: Network,
    target: Target,
    variables: Any,
    logits: np.ndarray,
    *,
    step: int,
) -> None:
    """Writes `weights/`, with probabilities calibrated on validation.

    Args:
        config: Of the task `transfer`.
        workdir: Where they go; weights tuned on fewer cells are replaced.
        source: What was tuned.
        target: Its validation cells calibrate.
        variables: Tuned ones.
        logits: Of the validation cells, float [n, crops, k].
        step: Updates done.
    """
    if jax.process_index():
        return
    validation = target.cells['validation']
    known = validation.labels >= 0
    logits, labels = logits[known], validation.labels[known]
    temperature = fit_temperature(logits, labels)
    probabilities = mean_crop_probabilities(logits, temperature)
    card = dataclasses.replace(
        source.card,
        crops=config.evaluation.crops,
        class_names=validation.class_names,
        channels=validation.channels,
        marker_channel=target.marker_channel,
        temperature=temperature,
        screen=target.dataset,
        simulated=target.simulated,
        licence=f'{target.licence} (tuned from {source.card.screen})',
        step=step,
        validation={'validation/accuracy': float(accuracy(probabilities, labels))},
        version=__version__,
    )
    write_weights(workdir / 'weights', variables, card)
