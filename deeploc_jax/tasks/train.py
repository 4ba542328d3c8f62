"""Task `train`: a network from a screen, evaluated on test, with a report."""

from __future__ import annotations

from pathlib import Path

import jax
import ml_collections

from deeploc_jax import __version__, sharding
from deeploc_jax.data.batches import train_batches
from deeploc_jax.data.cells import (
    check_split,
    marker_channel,
    read_cells,
    without_classes,
)
from deeploc_jax.data.sampling import make_sampler
from deeploc_jax.evaluate.predict import make_predict
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.tasks.build import Experiment, build
from deeploc_jax.tasks.evaluate import evaluate_and_report, print_next
from deeploc_jax.tasks.prepare import open_screen
from deeploc_jax.tasks.validation import calibrate, make_validate
from deeploc_jax.tasks.workdir import (
    check_config,
    claim_workdir,
    describe_splits,
    environment,
    training_seconds,
)
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.train.loop import Cadence, train
from deeploc_jax.train.metric_log import MetricLog
from deeploc_jax.train.profile import profiled
from deeploc_jax.train.state import TrainState, count_parameters
from deeploc_jax.train.step import make_train_step
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import write_weights


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Trains, or continues a training that was interrupted, and evaluates.

    Batches, augmentation and dropout are functions of the seed and the step, so that
    a run interrupted anywhere ends with the same parameters.
    """
    mesh = sharding.make_mesh()
    check_config(config, mesh)
    builder = open_screen(config, config.screen)
    for split in config.splits.values():
        check_split(builder, split)
    left_out = config.leave_out.split(',') if config.leave_out else []
    for name in left_out:
        check_name('class', name, builder.info.features['label'].names)
    claim_workdir(workdir, config)

    def read(split: str) -> Cells:
        found = read_cells(
            builder,
            config.splits[split],
            memory_limit=config.memory_limit,
            channels=config.channels,
        )
        return without_classes(found, left_out)

    cells = {name: read(name) for name in ('train', 'validation')}
    classes, channels = cells['train'].class_names, cells['train'].channels
    experiment = build(config, len(classes), len(channels), mesh)
    with Checkpoints(workdir / 'checkpoints', config.select_by) as checkpoints:
        fit(config, workdir, experiment, cells, checkpoints, mesh)
        best_step, state = checkpoints.restore_best(experiment.state)
        validation = checkpoints.metrics(best_step)

    predict = make_predict(
        experiment.model,
        mesh,
        crop=config.augmentation.crop,
        crops=config.evaluation.crops,
    )
    temperature = calibrate(predict, state, cells['validation'], mesh, config)
    card = Card(
        model=config.model.to_dict(),
        side=cells['train'].images.shape[1],
        crop=config.augmentation.crop,
        crops=config.evaluation.crops,
        class_names=classes,
        channels=channels,
        marker_channel=marker_channel(builder, cells['train']),
        temperature=temperature,
        screen=builder.info.full_name,
        simulated=bool(builder.info.metadata['simulated']),
        licence=builder.info.redistribution_info.license or 'not stated',
        step=best_step,
        validation=validation,
        version=__version__,
    )
    if jax.process_index() == 0:
        write_weights(workdir / 'weights', state.variables, card)
    cells['test'] = read('test')
    record = dict(
        **environment(),
        dataset=card.screen,
        simulated=card.simulated,
        class_names=classes,
        channels=channels,
        marker_channel=card.marker_channel,
        **describe_splits(cells),
        parameters=count_parameters(state.params),
        best_step=best_step,
        temperature=temperature,
        seconds=training_seconds(workdir),
    )
    if jax.process_index() == 0:
        write_json(workdir / 'run.json', record)
    evaluate_and_report(
        config,
        workdir,
        'test',
        predict,
        state.variables,
        cells['test'],
        temperature,
        mesh,
    )
    if jax.process_index() == 0:
        print_next(workdir)


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
                label_smoothing=config.label_smoothing,
                ema_decay=config.ema_decay,
            ),
            make_validate(config, experiment, cells['validation'], mesh),
            schedule=experiment.schedule,
            cadence=cadence,
            checkpoints=checkpoints,
            log=log,
        )
