"""Task `train`: a network from a screen, evaluated on test, with a report."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import jax
import ml_collections

from deeploc_jax import __version__, sharding
from deeploc_jax.data.cell_schema import IMAGE_SIZE
from deeploc_jax.data.cells import (
    marker_channel,
    read_cells,
    without_classes,
)
from deeploc_jax.data.normalize import check_augmentation, make_normalize
from deeploc_jax.data.screen_builder import identity
from deeploc_jax.data.split_check import check_splits, rows_among
from deeploc_jax.datasets import open_screen
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.names import split_names
from deeploc_jax.predict.logits import check_crops, make_predict
from deeploc_jax.predict.novelty import fit_novelty
from deeploc_jax.tasks.evaluate_report import evaluate_and_report, print_next
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.train.experiment import build
from deeploc_jax.train.fit import fit
from deeploc_jax.train.state import count_parameters
from deeploc_jax.train.validation import calibrate
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import TrainedNetwork, write_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import (
    describe_splits,
    environment,
    training_seconds,
)

SELECTORS = (
    'validation/loss',
    'validation/accuracy',
    'validation/balanced_accuracy',
)


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Trains, or continues a training that was interrupted, and evaluates.

    Batches, augmentation and dropout are functions of the seed and the step, so that
    a run interrupted anywhere ends with the same parameters.
    """
    mesh = sharding.make_mesh()
    check_config(config, mesh)
    normalize = make_normalize(config.normalization, config.white_level)
    check_augmentation(config.normalization, config.augmentation.to_dict())
    builder = open_screen(config.screen, config.data_dir, config.manual_dir)
    check_splits(builder, config.splits.to_dict())
    left_out = split_names(config.leave_out or '')
    for name in left_out:
        check_name('class', name, builder.info.features['label'].names)
    claim_workdir(workdir, config, screen=identity(builder))

    def read(split: str) -> Cells:
        found = read_cells(
            builder,
            config.splits[split],
            memory_limit=config.memory_limit,
            channels=split_names(config.channels or ''),
            normalize=normalize,
        )
        return without_classes(found, left_out)

    cells = {name: read(name) for name in ('train', 'validation')}
    classes, channels = cells['train'].class_names, cells['train'].channels
    experiment = build(config, cells['train'], mesh)
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
    # What was trained on too says neither how sure to be nor what is usual.
    rows = rows_among(builder, config.splits.validation, config.splits.train)
    found = calibrate(predict, state, cells['validation'], mesh, config, rows < 0)
    card = Card(
        model=config.model.to_dict(),
        side=cells['train'].images.shape[1],
        crop=config.augmentation.crop,
        crops=config.evaluation.crops,
        class_names=classes,
        channels=channels,
        marker_channel=marker_channel(builder, cells['train']),
        temperature=found.temperature,
        calibration=found.words,
        screen=builder.info.full_name,
        simulated=bool(builder.info.metadata['simulated']),
        license=builder.info.redistribution_info.license or 'not stated',
        step=best_step,
        validation=validation,
        version=__version__,
        normalization=config.normalization,
        white_level=config.white_level,
    )
    network = TrainedNetwork(card, experiment.model, state.variables)
    size = config.evaluation.batch_size
    novelty = fit_novelty(
        network, cells['train'], cells['validation'], mesh, size, held_out=rows < 0
    )
    network = dataclasses.replace(network, novelty=novelty)
    if jax.process_index() == 0:
        write_weights(workdir / 'weights', state.variables, card, novelty)
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
        temperature=card.temperature,
        calibration=card.calibration,
        seconds=training_seconds(workdir),
    )
    if jax.process_index() == 0:
        write_json(workdir / 'run.json', record)
    evaluate_and_report(
        config,
        workdir,
        'test',
        predict,
        network,
        cells['test'],
        mesh,
    )
    if jax.process_index() == 0:
        print_next(workdir)


def check_config(config: ml_collections.ConfigDict, mesh: jax.sharding.Mesh) -> None:
    """Raises a ValueError for what would otherwise fail after hours of training."""
    for size in (config.batch_size, config.evaluation.batch_size):
        sharding.check_batch_size(size, mesh)
    for field in ('total_steps', 'log_every', 'checkpoint_every'):
        if config[field] < 1:
            raise ValueError(f'{field} ({config[field]}) must be at least 1.')
    crop = config.augmentation.crop
    if not 8 <= crop <= IMAGE_SIZE:
        raise ValueError(
            f'augmentation.crop ({crop}) must be 8 to {IMAGE_SIZE} pixels.'
        )
    check_crops(config.evaluation.crops)
    check_name('validation metric', config.select_by, SELECTORS)
