"""What the card of a tuned network says."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from deeploc_jax import __version__
from deeploc_jax.metrics import accuracy
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.weights.card import Card


def tuned_card(
    source: Card,
    target: Target,
    scores: dict[str, Any],
    steps: int,
    logits: Float32[np.ndarray, 'v crops k'],
    held_out: Bool[np.ndarray, ' v'],
) -> Card:
    """The card of a tuned network.

    Args:
        source: Card of the network that it was tuned from.
        target: The screen that it was tuned for.
        scores: Its scores, from `scores.score_logits`.
        steps: Updates done.
        logits: Logits of the validation cells.
        held_out: Which of these cells were not trained on.
    """
    validation, screen = target.cells['validation'], target.screen
    used = (validation.labels >= 0) & held_out
    measured = {}
    if used.any():
        probabilities = mean_crop_probabilities(logits[used], scores['temperature'])
        right = float(accuracy(probabilities, validation.labels[used]))
        measured = {'validation/accuracy': right}
    return dataclasses.replace(
        source,
        crops=logits.shape[1],
        class_names=validation.class_names,
        channels=screen.channels,
        marker_channel=screen.marker_channel,
        temperature=scores['temperature'],
        calibration=scores['calibration'],
        screen=screen.full_name,
        pixel_size=screen.pixel_size,
        simulated=screen.simulated,
        license=f'{screen.license} (tuned from {source.screen})',
        step=steps,
        validation=measured,
        note='',
        version=__version__,
    )
