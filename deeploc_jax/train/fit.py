"""The training itself, from the latest checkpoint on to the best one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax

from deeploc_jax.data.batches import train_batches
from deeploc_jax.data.sampling import make_sampler
from deeploc_jax.devices import is_main
from deeploc_jax.models.network import Network
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.program import Program, compiled
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.train.experiment import Choices, Experiment, build
from deeploc_jax.train.loop import train
from deeploc_jax.train.losses import cross_entropy
from deeploc_jax.train.metric_log import MetricLog
from deeploc_jax.train.profile import profiled
from deeploc_jax.train.state import TrainState
from deeploc_jax.train.step import TrainStep, make_train_step
from deeploc_jax.train.validation import make_validate
from deeploc_jax.types import Batch, Cells


class Fitted(NamedTuple):
    """A network after its training.

    Attributes:
        model: The network.
        variables: `params` and `batch_stats` of the best step, on all devices.
        step: The best step.
        scores: Validation metrics of that step.
    """

    model: Network
    variables: dict[str, Any]
    step: int
    scores: dict[str, float]


def fit(
    choices: Choices, workdir: Path, cells: dict[str, Cells], mesh: jax.sharding.Mesh
) -> Fitted:
    """Trains from the latest checkpoint, or from step 0, to the end.

    Args:
        choices: How to train.
        workdir: Folder of the run: checkpoints and metrics go there.
        cells: The splits `train` and `validation`.
        mesh: Mesh from `sharding.make_mesh`.

    Returns:
        The network with the variables of the best checkpoint.

    Raises:
        ValueError: A finished training has lost its checkpoints, or validation has no
            labelled cell.
    """
    experiment = build(choices, cells['train'], mesh)
    with Checkpoints(workdir / 'checkpoints', choices.select_by) as checkpoints:
        state = checkpoints.restore_latest(experiment.state)
        if state is None and (workdir / 'weights').exists():
            raise ValueError(
                f'The training in {workdir} has ended and its checkpoints were '
                'deleted; training anew would replace its log and weights. Evaluate '
                'the weights with configs/evaluate.py, or give another --workdir.'
            )
        state = state or experiment.state
        step = int(state.step)
        if not choices.cadence.finished(step, checkpoints.improvement):
            with MetricLog(workdir, step) as log:
                train(
                    state,
                    _batches(choices, workdir, cells['train'], step, mesh),
                    _train_step(choices, experiment, mesh),
                    _validate(choices, experiment, cells['validation'], mesh),
                    schedule=experiment.schedule,
                    cadence=choices.cadence,
                    checkpoints=checkpoints,
                    log=log,
                )
        step, state = checkpoints.restore_best(experiment.state)
        scores = checkpoints.metrics(step)
    return Fitted(experiment.model, state.variables, step, scores)


def _batches(
    choices: Choices, workdir: Path, train: Cells, step: int, mesh: jax.sharding.Mesh
) -> Iterator[Batch]:
    """Batches of the steps from `step` on."""
    sampler = make_sampler(
        train.labels,
        choices.batch_size,
        choices.seed,
        class_balanced=choices.class_balanced,
    )
    steps = range(step, choices.cadence.total)
    limit = choices.device_limit
    batches = train_batches(train, sampler, steps, mesh, device_limit=limit)
    if choices.profile and is_main():
        return profiled(batches, workdir / 'profile')
    return batches


def _train_step(
    choices: Choices, experiment: Experiment, mesh: jax.sharding.Mesh
) -> TrainStep:
    return make_train_step(
        experiment.model,
        experiment.tx,
        mesh,
        seed=choices.seed,
        augmentation=choices.augmentation,
        loss_fn=partial(cross_entropy, label_smoothing=choices.label_smoothing),
        ema_decay=choices.ema_decay,
    )


def _validate(
    choices: Choices, experiment: Experiment, cells: Cells, mesh: jax.sharding.Mesh
) -> Callable[[TrainState], dict[str, float]]:
    """Validation on the central crops, with the variables of any state."""
    logits = compiled(make_logits(experiment.model, crop=choices.crop, crops=1), mesh)
    return make_validate(Program(logits, {}, mesh, choices.test_batch), cells)
