"""A tuned network, written as weights that can be used elsewhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import jax
import numpy as np

from deeploc_jax import __version__
from deeploc_jax.metrics import accuracy
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.novelty import fit_novelty
from deeploc_jax.transfer.draws import Tuned
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import TrainedNetwork, check_network, write_weights


def write_tuned(
    folder: Path,
    tuned: Tuned,
    target: Target,
    source: Card,
    mesh: jax.sharding.Mesh,
    batch_size: int,
) -> None:
    """Writes the weights of a tuned network, with its card and what it has seen.

    Args:
        folder: Folder that is written; an older pair of files in it is replaced.
        tuned: A network, not a probe.
        target: The screen that it was tuned for.
        source: Card of the network that it was tuned from.
        mesh: From `sharding.make_mesh`.
        batch_size: Batch size over all devices.
    """
    train, validation = target.cells['train'], target.cells['validation']
    held_out = target.held_out(tuned.draw.rows)
    card = dataclasses.replace(
        source,
        crops=tuned.validation_logits.shape[1],
        class_names=validation.class_names,
        channels=validation.channels,
        marker_channel=target.screen.marker_among(validation.channels),
        temperature=tuned.scores['temperature'],
        calibration=tuned.scores['calibration'],
        screen=target.screen.full_name,
        simulated=target.screen.simulated,
        licence=f'{target.screen.license} (tuned from {source.screen})',
        step=tuned.steps,
        validation=_measure(tuned, validation.labels, held_out),
        note='',
        version=__version__,
    )
    model = check_network(tuned.variables, card, 'the tuned network')
    novelty = fit_novelty(
        TrainedNetwork(card, model, tuned.variables),
        train,
        validation,
        mesh,
        batch_size,
        rows=tuned.draw.rows,
        held_out=held_out,
    )
    if jax.process_index() == 0:
        write_weights(folder, tuned.variables, card, novelty)


def _measure(
    tuned: Tuned, labels: np.ndarray, held_out: np.ndarray
) -> dict[str, float]:
    """Accuracy on the labelled validation cells that were not trained on, if any."""
    used = (labels >= 0) & held_out
    if not used.any():
        return {}
    logits, temperature = tuned.validation_logits[used], tuned.scores['temperature']
    probabilities = mean_crop_probabilities(logits, temperature)
    return {'validation/accuracy': float(accuracy(probabilities, labels[used]))}
