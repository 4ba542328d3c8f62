"""The training itself, from the latest checkpoint on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import jax
import ml_collections

from deeploc_jax.data.batches import train_batches
from deeploc_jax.data.sampling import make_sampler
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.train.experiment import Experiment
from deeploc_jax.train.loop import Cadence, train
from deeploc_jax.train.losses import cross_entropy
from deeploc_jax.train.metric_log import MetricLog
from deeploc_jax.train.profile import profiled
from deeploc_jax.train.state import TrainState
from deeploc_jax.train.step import make_train_step
from deeploc_jax.train.validation import make_validate
from deeploc_jax.types import Cells


def fit(
    config: ml_collections.ConfigDict,
    workdir: Path,
    experiment: Experiment,
    cells: dict[str, Cells],
    checkpoints: Checkpoints,
    mesh: jax.sharding.Mesh,
) -> TrainState:
    """Trains from the latest checkpoint, or from step 0, to the end.

    Raises:
        ValueError: A finished training has lost its checkpoints.
    """
    cadence = Cadence(
        config.total_steps,
        config.log_every,
        config.checkpoint_every,
        config.patience,
    )
    state = checkpoints.restore_latest(experiment.state)
    if state is None and (workdir / 'weights').exists():
        raise ValueError(
            f'The training in {workdir} has ended and its checkpoints were deleted; '
            'training anew would replace its log and weights. Evaluate the weights '
            'with configs/evaluate.py, or give another --workdir.'
        )
    state = state or experiment.state
    step = int(state.step)
    if cadence.finished(step, checkpoints.improvement):
        return state
    sampler = make_sampler(
        cells['train'].labels,
        config.batch_size,
        config.seed,
        class_balanced=config.class_balanced,
    )
    batches = train_batches(
        cells['train'],
        sampler,
        range(step, config.total_steps),
        mesh,
        device_limit=config.device_limit,
    )
    if config.profile and jax.process_index() == 0:
        batches = profiled(batches, workdir / 'profile')
    with MetricLog(workdir, step) as log:
        return train(
            state,
            batches,
            make_train_step(
                experiment.model,
                experiment.tx,
                mesh,
                seed=config.seed,
                augmentation=config.augmentation.to_dict(),
                loss_fn=partial(cross_entropy, label_smoothing=config.label_smoothing),
                ema_decay=config.ema_decay,
            ),
            make_validate(config, experiment, cells['validation'], mesh),
            schedule=experiment.schedule,
            cadence=cadence,
            checkpoints=checkpoints,
            log=log,
        )
