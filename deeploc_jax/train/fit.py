"""Trains from the latest checkpoint on, and returns the best one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax

from deeploc_jax.data.batches import train_batches
from deeploc_jax.devices import is_main
from deeploc_jax.models.network import Network
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.train.experiment import Choices, build
from deeploc_jax.train.loop import train
from deeploc_jax.train.metric_log import MetricLog
from deeploc_jax.train.profile import profiled
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
        choices: Choices of the training.
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
            validate = make_validate(
                experiment.model,
                cells['validation'],
                mesh,
                crop=choices.crop,
                batch_size=choices.test_batch,
            )
            batches: Iterator[Batch] = train_batches(
                cells['train'],
                experiment.sampler,
                range(step, choices.cadence.total),
                mesh,
                device_limit=choices.device_limit,
            )
            if choices.profile and is_main():
                batches = profiled(batches, workdir / 'profile')
            with MetricLog(workdir, step) as log:
                train(
                    state,
                    batches,
                    experiment.train_step,
                    validate,
                    schedule=experiment.schedule,
                    cadence=choices.cadence,
                    checkpoints=checkpoints,
                    log=log,
                )
        step, state = checkpoints.restore_best(experiment.state)
        scores = checkpoints.metrics(step)
    return Fitted(experiment.model, state.variables, step, scores)
