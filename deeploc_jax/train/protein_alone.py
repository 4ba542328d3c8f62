"""A network that was trained without the marker, too, is tested without it."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
from jaxtyping import Bool

from deeploc_jax.data.stored_images import FirstChannel
from deeploc_jax.metrics import accuracy
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.features import choose_layer, make_split_program
from deeploc_jax.predict.novelty import fit_novelty
from deeploc_jax.types import Cells
from deeploc_jax.weights.channels import ALONE, match_without
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.folder import TrainedNetwork
from deeploc_jax.weights.novelty import both


def knowing_protein_alone(
    network: TrainedNetwork,
    cells: dict[str, Cells],
    held_out: Bool[np.ndarray, ' n'],
    mesh: jax.sharding.Mesh,
    batch_size: int,
) -> TrainedNetwork:
    """The network, whose card and novelty know cells that show their protein alone.

    Args:
        network: A network that was trained with `augmentation.protein_alone`.
        cells: The splits `train` and `validation`, with all channels.
        held_out: Validation cells that were not trained on, bool [n].
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
    """
    names = network.card.channels
    alone = fit_channels(network, match_without(network.card, names[1:]))
    first = {
        split: dataclasses.replace(
            part, images=FirstChannel(part.images), channels=names[:1]
        )
        for split, part in cells.items()
    }
    layer, validation = choose_layer(alone, None), first['validation']
    outputs = make_split_program(alone, mesh, batch_size, 1, layer=layer)
    logits, features = outputs(validation, 'protein alone')
    card, novelty = network.card, network.novelty
    judged = (validation.labels >= 0) & held_out
    if judged.any():
        guesses = mean_crop_probabilities(logits[judged])
        right = float(accuracy(guesses, validation.labels[judged]))
        scores = card.validation | {f'validation/{ALONE}': right}
        card = dataclasses.replace(card, validation=scores)
    if novelty:
        own = fit_novelty(
            alone,
            first['train'],
            validation,
            mesh,
            batch_size,
            held_out=held_out,
            features=features,
        )
        novelty = both(novelty, own) if own else novelty
    return dataclasses.replace(network, card=card, novelty=novelty)
