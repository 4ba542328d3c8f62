"""A loss is what training minimizes; a training step takes it as an argument.

A loss takes the outputs of the network and the batch: `(outputs, batch) -> (loss,
metrics)`. It chooses the fields of the batch that it needs, so that a training step
serves other targets than classes, too. The step augments `batch['image']` alone: where
a target is an image, augment both before the step, and pass the step a crop of full
size without symmetries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import optax
from jaxtyping import Array, Float, Scalar

from deeploc_jax.types import Batch

Loss = Callable[[Any, Batch], tuple[Scalar, dict[str, Scalar]]]


def cross_entropy(
    logits: Float[Array, 'b k'], batch: Batch, *, label_smoothing: float = 0.0
) -> tuple[Scalar, dict[str, Scalar]]:
    """Mean softmax cross-entropy with `batch['label']`, in nats.

    Args:
        logits: Unnormalized log probabilities of the k classes.
        batch: Its labels are in 0..k-1.
        label_smoothing: Share of the target that is spread evenly over the classes.

    Returns:
        The loss, and the accuracy on the batch.

    References:
        Szegedy et al. 2016, Rethinking the Inception Architecture, CVPR: smoothing.
    """
    targets = jax.nn.one_hot(batch['label'], logits.shape[-1])
    targets = optax.smooth_labels(targets, label_smoothing)
    loss = optax.softmax_cross_entropy(logits, targets).mean()
    return loss, dict(accuracy=(logits.argmax(-1) == batch['label']).mean())
