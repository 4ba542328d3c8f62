"""Trains several draws of a transfer together and tests each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np
import optax

from deeploc_jax import metrics, sharding
from deeploc_jax.data.sampling import EpochSampler
from deeploc_jax.evaluate.calibration import mean_crop_probabilities
from deeploc_jax.evaluate.predict import make_predict, predict_cells
from deeploc_jax.models import get_model
from deeploc_jax.progress import track
from deeploc_jax.tasks.transfer_plan import steps_of_paper
from deeploc_jax.tasks.transferred import Target, write_transferred
from deeploc_jax.train.transfer import init_together, make_step_together
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import Network

Work = Callable[[int, list[np.ndarray], set[int]], Iterator[tuple[int, dict[str, Any]]]]
TOGETHER = 512  # cells in the batches of all draws; with more, one after the other


def make_tuner(
    config: ml_collections.ConfigDict,
    mode: str,
    source: Network,
    target: Target,
    mesh: jax.sharding.Mesh,
    workdir: Path,
) -> Work:
    """Makes `(size, draws, done) -> (draw, scores) ...`.

    `draws` has rows of the training cells. Draws are always trained in the same groups,
    so that the numbers do not depend on which were `done` before.

    Args:
        config: Of the task `transfer`.
        mode: fine_tune, frozen_conv or scratch.
        source: The architecture, and where to start.
        target: What it is trained and tested on.
        mesh: From `sharding.make_mesh`.
        workdir: Gets the weights that were fine-tuned on most cells, of draw 0.
    """
    cells, crop = target.cells, source.card.crop
    train = cells['train']
    options = source.card.model | dict(dropout=config.dropout)
    model = get_model(num_classes=len(train.class_names), **options)
    trained = model.clone(frozen_convolutions=mode == 'frozen_conv')
    tx = optax.adam(config.learning_rate)
    augmentation = dict(config.augmentation, crop=crop)
    step = make_step_together(trained, tx, mesh, augmentation=augmentation)
    predict = make_predict(model, mesh, crop=crop, crops=config.evaluation.crops)
    shape = (crop, crop, len(train.channels))

    def fit(draws: dict[int, np.ndarray], batch: int, steps: int, size: int) -> Any:
        """Variables of every draw, stacked."""
        rows = np.stack(list(draws.values()))
        used, rows = np.unique(rows, return_inverse=True)
        rows = rows.reshape(len(draws), -1)
        needed = 4 * len(used) * np.prod(train.images.shape[1:]) / 2**30
        if needed > config.memory_limit:
            raise ValueError(
                f'{len(used):,} cells take {needed:.1f} GB on each device; let '
                'memory_limit say that they may, or use fewer cells of each class.'
            )
        data = dict(images=train.images[used], labels=train.labels[used])
        data = sharding.put_replicated(data, mesh)
        seeds = np.array([config.seed + draw for draw in draws])
        keys = sharding.put_replicated(seeds, mesh)
        samplers = [
            EpochSampler(own, batch, int(seed))
            for own, seed in zip(rows, seeds, strict=True)
        ]
        start = None if mode == 'scratch' else source.variables
        states = init_together(trained, tx, shape, seeds, start, mesh)
        name = f'{mode} {size} a class, draw {", ".join(map(str, draws))}'
        for number in track(range(steps), steps, name, unit='step'):
            drawn = np.stack([sampler(number) for sampler in samplers])
            batch_data = data | dict(rows=drawn.astype(np.int32))
            states = step(states, batch_data, keys)
            jax.block_until_ready(states.step)
        return jax.device_get(states.variables)

    def logits(variables: Any, split: str) -> np.ndarray:
        placed, size = sharding.put_replicated(variables, mesh), config.evaluation
        return predict_cells(
            predict, placed, cells[split], mesh, size.batch_size, split
        )

    def work(
        size: int, draws: list[np.ndarray], done: set[int]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        count, devices = len(draws[0]), mesh.devices.size
        batch = max(min(config.batch_size, count) // devices, 1) * devices
        steps = config.steps or steps_of_paper(size, count, batch)
        together = len(draws) if batch * len(draws) <= TOGETHER else 1
        for first in range(0, len(draws), together):
            group = dict(list(enumerate(draws))[first : first + together])
            if group.keys() <= done:
                continue
            started = time.perf_counter()
            stacked = fit(group, batch, steps, size)
            seconds = (time.perf_counter() - started) / len(group)
            for index, draw in enumerate(group):
                if draw in done:
                    continue
                variables = jax.tree.map(lambda x, i=index: x[i], stacked)
                found = {
                    name: logits(variables, name) for name in ('test', 'validation')
                }
                guesses = {
                    name: mean_crop_probabilities(values).argmax(1)
                    for name, values in found.items()
                }
                if mode == 'fine_tune' and draw == 0:
                    write_transferred(
                        config,
                        workdir,
                        source,
                        target,
                        variables,
                        found['validation'],
                        step=steps,
                    )
                yield (
                    draw,
                    score(guesses, cells)
                    | dict(
                        n_train=len(np.unique(draws[draw])),
                        steps=steps,
                        seconds=seconds,
                    ),
                )

    return work


def score(guesses: dict[str, np.ndarray], cells: dict[str, Cells]) -> dict[str, Any]:
    """Scores of predicted classes.

    Args:
        guesses: Class indices of test and validation cells, [n] each.
        cells: These splits; unlabelled cells do not count.

    Returns:
        Of test `n_test`, `accuracy`, `balanced_accuracy` and `confusion`; the balanced
        accuracy on validation as `validation`.
    """
    found = {}
    for name, split in guesses.items():
        known = cells[name].labels >= 0
        certain = np.eye(len(cells[name].class_names))[split[known]]
        labels = cells[name].labels[known]
        found[name] = dict(
            n_test=len(labels),
            accuracy=float(metrics.accuracy(certain, labels)),
            balanced_accuracy=float(metrics.balanced_accuracy(certain, labels)),
            confusion=metrics.confusion_matrix(certain, labels).tolist(),
        )
    chosen = found['validation']['balanced_accuracy']
    return found['test'] | dict(validation=chosen)
