"""The network of a transfer, as weights that can be taken along."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jax
import numpy as np

from deeploc_jax import __version__
from deeploc_jax.metrics import accuracy
from deeploc_jax.predict.calibration import calibrate, mean_crop_probabilities
from deeploc_jax.predict.novelty import fit_novelty
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import TrainedNetwork, check_network, write_weights


def write_tuned(
    folder: Path,
    source: Card,
    target: Target,
    variables: Any,
    logits: np.ndarray,
    rows: np.ndarray,
    steps: int,
    mesh: jax.sharding.Mesh,
    batch_size: int,
) -> None:
    """Writes weights, with what was seen and probabilities calibrated on validation.

    Args:
        folder: Where they go.
        source: Of what was tuned.
        target: Its validation cells calibrate, those that were not drawn.
        variables: Tuned ones.
        logits: Of the validation cells, float [n, crops, k].
        rows: Of the training cells that were drawn.
        steps: Updates done.
        mesh: From `sharding.make_mesh`.
        batch_size: Cells at a time.
    """
    validation = target.cells['validation']
    held_out = ~np.isin(target.in_train, rows)
    found = calibrate(logits, validation.labels, held_out)
    used = (validation.labels >= 0) & held_out
    measured = {}
    if used.any():
        probabilities = mean_crop_probabilities(logits[used], found.temperature)
        right = float(accuracy(probabilities, validation.labels[used]))
        measured = {'validation/accuracy': right}
    card = dataclasses.replace(
        source,
        crops=logits.shape[1],
        class_names=validation.class_names,
        channels=validation.channels,
        marker_channel=target.marker_channel,
        temperature=found.temperature,
        calibration=found.words,
        screen=target.dataset,
        simulated=target.simulated,
        license=f'{target.licence} (tuned from {source.screen})',
        step=steps,
        validation=measured,
        note='',
        version=__version__,
    )
    network = TrainedNetwork(
        card, check_network(variables, card, 'the tuned network'), variables
    )
    novelty = fit_novelty(
        network,
        target.cells['train'],
        validation,
        mesh,
        batch_size,
        rows=rows,
        held_out=held_out,
    )
    if jax.process_index() == 0:
        write_weights(folder, variables, card, novelty)
