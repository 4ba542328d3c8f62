"""What networks call the images that were made for classes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jaxtyping import Float32

from deeploc_jax.explain.batches import in_batches
from deeploc_jax.explain.invented import Invented
from deeploc_jax.explain.layers import outputs
from deeploc_jax.explain.sample import Sample
from deeploc_jax.weights.folder import TrainedNetwork


def check_judge(network: TrainedNetwork, judge: TrainedNetwork) -> None:
    """Checks that a second network can name the images of the first.

    Raises:
        ValueError: It takes other crops, channels or pixels, or lacks a class.
    """
    one, other = network.card, judge.card
    for what in ('crop', 'channels', 'normalization'):
        mine, its = getattr(one, what), getattr(other, what)
        if mine != its:
            raise ValueError(
                f'judge: it has {what} {its}, but the network {mine}. Give a network '
                'that was trained like it, with another seed.'
            )
    if missing := [name for name in one.class_names if name not in other.class_names]:
        raise ValueError(f'judge: it does not know the classes {", ".join(missing)}.')


def probabilities_of(
    network: TrainedNetwork,
    images: Float32[np.ndarray, 'n s s c'],
    names: tuple[str, ...],
    batch_size: int,
) -> Float32[np.ndarray, 'n k']:
    """Calibrated probabilities of some classes, by name, of crops."""
    head, card = getattr(network.model, 'HEAD', ''), network.card

    @jax.jit
    def probability(variables: Any, x: jax.Array) -> jax.Array:
        return jax.nn.softmax(outputs(network, variables, x)[head] / card.temperature)

    found = in_batches(
        lambda x: probability(network.variables, x), (images,), batch_size, 'name'
    )
    return found[:, [card.class_names.index(name) for name in names]]


def named_rows(
    sample: Sample, invented: Invented, judge: TrainedNetwork | None
) -> list[dict[str, Any]]:
    """Rows of `tables.MAXIMAL`, one for each image.

    Args:
        sample: The cells whose markers the images have.
        invented: Images for classes.
        judge: A second network, where there is one.
    """
    card, size = sample.network.card, sample.batch_size
    names = card.class_names
    own = probabilities_of(sample.network, invented.images, names, size)
    columns = dict(own=own)
    if judge:
        columns['judge'] = probabilities_of(judge, invented.images, names, size)
        columns['before'] = probabilities_of(judge, invented.before, names, size)
    rows = []
    for number, (target, cell) in enumerate(
        zip(invented.targets.tolist(), invented.cells.tolist(), strict=True)
    ):
        row = dict(label_name=names[target], cell_id=sample.about(cell)['cell_id'])
        for who, found in columns.items():
            row[f'{who}_named'] = names[found[number].argmax()]
            row[f'{who}_probability'] = float(found[number, target])
        rows.append(row)
    return rows


def named_right(rows: list[dict[str, Any]], who: str) -> float | None:
    """Share of images that were called the class they were made for; None: not asked.

    Args:
        rows: Rows of `tables.MAXIMAL`.
        who: 'own', 'judge', or 'before' (the judge, of the noise they were made from).
    """
    if not rows or f'{who}_named' not in rows[0]:
        return None
    return float(np.mean([row['label_name'] == row[f'{who}_named'] for row in rows]))


def real_right(sample: Sample, judge: TrainedNetwork) -> float:
    """Share of the real cells of known class that the judge calls right."""
    names = judge.card.class_names
    found = probabilities_of(judge, sample.images, names, sample.batch_size)
    cells = sample.cells
    known = [
        (names[guess], cells.class_names[label])
        for guess, label in zip(found.argmax(1), cells.labels, strict=True)
        if label >= 0
    ]
    return float(np.mean([guess == label for guess, label in known]))
