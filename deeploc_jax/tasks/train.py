"""Task `train`: a network from a screen, evaluated on test, with a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jax
import ml_collections
import numpy as np

from deeploc_jax import metrics, sharding
from deeploc_jax.data.batches import train_batches
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.sampling import make_sampler
from deeploc_jax.evaluate.calibration import (
    crop_loss,
    fit_temperature,
    mean_crop_probabilities,
)
from deeploc_jax.evaluate.predict import Predict, make_predict, predict_cells
from deeploc_jax.files import read_jsonl, write_json
from deeploc_jax.tasks.build import Experiment, build
from deeploc_jax.tasks.evaluate import evaluate_and_report
from deeploc_jax.tasks.prepare import open_screen
from deeploc_jax.tasks.workdir import claim_workdir, environment
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.train.loop import Cadence, train
from deeploc_jax.train.metric_log import MetricLog
from deeploc_jax.train.state import TrainState, count_parameters
from deeploc_jax.train.step import make_train_step
from deeploc_jax.types import Cells


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Trains, or continues a training that was interrupted, and evaluates.

    Batches, augmentation and dropout are functions of the seed and the step, so that
    a run interrupted anywhere ends with the same parameters.
    """
    mesh = sharding.make_mesh()
    for batch_size in (config.batch_size, config.evaluation.batch_size):
        sharding.check_batch_size(batch_size, mesh)
    claim_workdir(workdir, config)
    builder = open_screen(config, config.screen)
    cells = {
        name: read_cells(builder, config.splits[name], memory_limit=config.memory_limit)
        for name in ('train', 'validation')
    }
    classes, channels = cells['train'].class_names, cells['train'].channels
    experiment = build(config, len(classes), len(channels), mesh)
    record = dict(
        environment(),
        dataset=builder.info.full_name,
        simulated=bool(builder.info.metadata['simulated']),
        marker_channel=int(builder.info.metadata['marker_channel']),
        class_names=classes,
        channels=channels,
        parameters=count_parameters(experiment.state.params),
        splits={name: len(split) for name, split in cells.items()},
        class_counts={name: count_classes(split) for name, split in cells.items()},
    )
    checkpoints = Checkpoints(workdir / 'checkpoints', config.select_by)
    fit(config, workdir, experiment, cells, checkpoints, mesh)
    del cells['train']

    best_step, state = checkpoints.restore_best(experiment.state)
    checkpoints.close()
    predict = make_predict(
        experiment.model,
        mesh,
        crop=config.augmentation.crop,
        crops=config.evaluation.crops,
    )
    temperature = calibrate(predict, state, cells['validation'], mesh, config)
    test = read_cells(builder, config.splits['test'], memory_limit=config.memory_limit)
    record['splits']['test'] = len(test)
    record['class_counts']['test'] = count_classes(test)
    record |= dict(best_step=best_step, temperature=temperature)
    record['seconds'] = training_seconds(workdir)
    if jax.process_index() == 0:
        write_json(workdir / 'run.json', record)
    evaluate_and_report(
        config, workdir, 'test', predict, state.variables, test, temperature, mesh
    )


def fit(
    config: ml_collections.ConfigDict,
    workdir: Path,
    experiment: Experiment,
    cells: dict[str, Cells],
    checkpoints: Checkpoints,
    mesh: jax.sharding.Mesh,
) -> TrainState:
    """Trains from the latest checkpoint, or from step 0, to the end."""
    cadence = Cadence(
        config.total_steps,
        config.log_every,
        config.checkpoint_every,
        config.patience,
    )
    state = checkpoints.restore_latest(experiment.state) or experiment.state
    step = int(state.step)
    if cadence.finished(step, checkpoints.best_step()):
        return state
    sampler = make_sampler(
        cells['train'].labels,
        config.batch_size,
        config.seed,
        class_balanced=config.class_balanced,
    )
    log = MetricLog(workdir, step)
    try:
        return train(
            state,
            train_batches(
                cells['train'],
                sampler,
                range(step, config.total_steps),
                mesh,
                device_limit=config.device_limit,
            ),
            make_train_step(
                experiment.model,
                experiment.tx,
                mesh,
                seed=config.seed,
                augmentation=config.augmentation.to_dict(),
                label_smoothing=config.label_smoothing,
                ema_decay=config.ema_decay,
            ),
            make_validate(config, experiment, cells['validation'], mesh),
            schedule=experiment.schedule,
            cadence=cadence,
            checkpoints=checkpoints,
            log=log,
        )
    finally:
        log.close()


def make_validate(
    config: ml_collections.ConfigDict,
    experiment: Experiment,
    cells: Cells,
    mesh: jax.sharding.Mesh,
) -> Callable[[TrainState], dict[str, float]]:
    """State -> loss, accuracy and balanced accuracy on the central crops."""
    predict = make_predict(
        experiment.model, mesh, crop=config.augmentation.crop, crops=1
    )
    known = cells.labels >= 0
    if not known.any():
        raise ValueError(
            f'Split {config.splits.validation!r} has no labelled cell to choose the '
            'best checkpoint by; set --config.splits.validation.'
        )
    labels = cells.labels[known]
    size = config.evaluation.batch_size

    def validate(state: TrainState) -> dict[str, float]:
        logits = predict_cells(predict, state.variables, cells, mesh, size, 'validate')[
            known
        ]
        if not np.isfinite(logits).all():
            return {'validation/loss': np.nan}
        probabilities = mean_crop_probabilities(logits)
        balanced = metrics.balanced_accuracy(probabilities, labels)
        return {
            'validation/loss': crop_loss(logits, labels),
            'validation/accuracy': float(metrics.accuracy(probabilities, labels)),
            'validation/balanced_accuracy': float(balanced),
        }

    return validate


def calibrate(
    predict: Predict,
    state: TrainState,
    cells: Cells,
    mesh: jax.sharding.Mesh,
    config: ml_collections.ConfigDict,
) -> float:
    """The temperature fitted on the labelled validation cells."""
    size = config.evaluation.batch_size
    logits = predict_cells(predict, state.variables, cells, mesh, size, 'calibrate')
    known = cells.labels >= 0
    return fit_temperature(logits[known], cells.labels[known])


def count_classes(cells: Cells) -> dict[str, int]:
    """Number of cells of each class."""
    counts = np.bincount(
        cells.labels[cells.labels >= 0], minlength=len(cells.class_names)
    )
    return dict(zip(cells.class_names, counts.tolist(), strict=True))


def training_seconds(workdir: Path) -> float:
    """Time spent in steps, over all the sessions of an interrupted run."""
    seconds, last = 0.0, 0
    for row in read_jsonl(workdir / 'metrics.jsonl'):
        if 'train/steps_per_second' in row:
            seconds += (row['step'] - last) / row['train/steps_per_second']
            last = row['step']
    return seconds
