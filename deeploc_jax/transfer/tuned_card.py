"""What the card of a tuned network says."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float32, Int

from deeploc_jax import __version__
from deeploc_jax.groups import known_proteins
from deeploc_jax.metrics import accuracy
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.prediction_sets import fit_sets
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.weights.card import Card


def tuned_card(
    source: Card,
    target: Target,
    rows: Int[np.ndarray, ' n'],
    scores: dict[str, Any],
    steps: int,
    logits: Float32[np.ndarray, 'v crops k'],
) -> Card:
    """The card of a tuned network.

    Args:
        source: Card of the network that it was tuned from.
        target: The screen that it was tuned for.
        rows: Rows of train that it was trained on.
        scores: Its scores, from `scores.score_logits`.
        steps: Updates done.
        logits: Logits of the validation cells.
    """
    validation, screen = target.cells['validation'], target.screen
    used = (validation.labels >= 0) & target.held_out(rows)
    trained = {'protein': target.cells['train'].metadata['protein'][rows]}
    new, temperature = target.new(rows), scores['temperature']
    measured = {}
    if used.any():
        probabilities = mean_crop_probabilities(logits[used], temperature)
        right = float(accuracy(probabilities, validation.labels[used]))
        measured = {'validation/accuracy': right}
    return dataclasses.replace(
        source,
        crops=logits.shape[1],
        magnifications=(),
        class_names=validation.class_names,
        channels=screen.channels,
        marker_channel=screen.marker_channel,
        temperature=temperature,
        calibration=scores['calibration'],
        prediction_sets=fit_sets(logits, validation.labels, new, temperature),
        proteins=tuple(sorted({*source.proteins, *known_proteins(trained)})),
        screen=screen.full_name,
        pixel_size=screen.pixel_size,
        simulated=screen.simulated,
        license=f'{screen.license} (tuned from {source.screen})',
        step=steps,
        validation=measured,
        note='',
        version=__version__,
    )
