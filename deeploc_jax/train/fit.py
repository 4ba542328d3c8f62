"""The training itself, from the latest checkpoint on to the best one."""

from __future__ import annotations

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
from deeploc_jax.train.step import TrainStep, make_train_step
from deeploc_jax.train.validation import make_validate
from deeploc_jax.types import Cells


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
    choices: Choices,
    workdir: Path,
    cells: dict[str, Cells],
    mesh: jax.sharding.Mesh,
    *,
    device_limit: float = 4.0,
    profile: bool = False,
) -> Fitted:
    """Trains from the latest checkpoint, or from step 0, to the end.

    Args:
        choices: How to train.
        workdir: Folder of the run: checkpoints and metrics go there.
        cells: The splits `train` and `validation`.
        mesh: Mesh from `sharding.make_mesh`.
        device_limit: Gigabytes of training images that may lie on each device.
        profile: Whether a step is traced, into `<workdir>/profile`.

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
        steps = range(int(state.step), choices.cadence.total)
        if not choices.cadence.finished(steps.start, checkpoints.improvement):
            sampler = make_sampler(
                cells['train'].labels,
                choices.batch_size,
                choices.seed,
                class_balanced=choices.class_balanced,
            )
            batches = train_batches(
                cells['train'], sampler, steps, mesh, device_limit=device_limit
            )
            if profile and is_main():
                batches = profiled(batches, workdir / 'profile')
            logits = make_logits(experiment.model, crop=choices.crop, crops=1)
            central = Program(
                compiled(logits, mesh), state.variables, mesh, choices.test_batch
            )
            with MetricLog(workdir, steps.start) as log:
                train(
                    state,
                    batches,
                    _train_step(choices, experiment, mesh),
                    make_validate(central, cells['validation']),
                    schedule=experiment.schedule,
                    cadence=choices.cadence,
                    checkpoints=checkpoints,
                    log=log,
                )
        step, state = checkpoints.restore_best(experiment.state)
        return Fitted(
            experiment.model, state.variables, step, checkpoints.metrics(step)
        )


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
