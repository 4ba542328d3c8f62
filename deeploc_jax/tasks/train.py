"""Task `train`: trains a network on a screen, evaluates it and writes a report."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import jax
import ml_collections

from deeploc_jax import __version__, sharding
from deeploc_jax.data.cell_schema import IMAGE_SIZE
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.corrections import check_named, digest_of, read_corrections
from deeploc_jax.data.normalize import check_augmentation, make_normalize
from deeploc_jax.data.screen_info import ScreenInfo, describe_screen
from deeploc_jax.data.split_check import check_splits, rows_among
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.evaluate.evaluation import evaluate_split
from deeploc_jax.files import write_json
from deeploc_jax.groups import known_proteins
from deeploc_jax.lookup import check_name
from deeploc_jax.names import split_names
from deeploc_jax.predict.features import choose_layer, make_split_program
from deeploc_jax.predict.views import check_crops, read_magnifications
from deeploc_jax.report.page import write_report
from deeploc_jax.report.wording import next_steps, outcome
from deeploc_jax.train.experiment import Choices
from deeploc_jax.train.fit import Fitted, fit
from deeploc_jax.train.loop import Cadence
from deeploc_jax.train.protein_alone import knowing_protein_alone
from deeploc_jax.train.validation import SELECTORS, calibrated
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import TrainedNetwork, write_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import (
    describe_splits,
    environment,
    short,
    training_seconds,
)

MAY_CHANGE = ('device_limit', 'profile', 'splits.test', 'evaluation.')


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Trains, or continues a training that was interrupted, and evaluates.

    Batches, augmentation and dropout are functions of the seed and the step, so that
    a run interrupted anywhere ends with the same parameters.
    """
    choices = choices_of(config)
    splits, mesh = config.splits.to_dict(), sharding.make_mesh()
    check_config(config, mesh)
    normalize = make_normalize(config.normalization, config.white_level)
    check_name('validation metric', choices.select_by, SELECTORS)
    left_out, channels = (
        split_names(config[field] or '') for field in ('leave_out', 'channels')
    )
    builder = open_screen(config.screen, config.data_dir, config.manual_dir)
    screen = describe_screen(builder).with_channels(channels)
    held_out = rows_among(builder, splits['validation'], splits['train']) < 0
    check_splits(builder, splits)
    for name in left_out:
        check_name('class', name, screen.class_names)
    corrections = read_corrections(config.labels)
    inputs = dict(screen=screen.identity) | digest_of(corrections)
    claim_workdir(workdir, config.to_dict(), MAY_CHANGE, **inputs)
    read = partial(
        read_cells,
        builder,
        memory_limit=config.memory_limit,
        channels=screen.channels,
        normalize=normalize,
        leave_out=left_out,
        corrections=corrections,
    )
    cells = {name: read(splits[name]) for name in ('train', 'validation')}
    check_named(corrections, cells.values())
    fitted = fit(choices, workdir, cells, mesh)
    card = card_of(config, screen, cells['train'], fitted)
    network = TrainedNetwork(card, fitted.model, fitted.variables)
    last = choose_layer(network, None)  # by which novelty is fitted, and scored
    outputs = make_split_program(network, mesh, choices.test_batch, layer=last)
    network = calibrated(network, outputs, cells, held_out)
    if config.augmentation.protein_alone and len(screen.channels) > 1:
        network = knowing_protein_alone(
            network, cells, held_out, mesh, choices.test_batch
        )
    if is_main():
        folder = workdir / 'weights'
        write_weights(folder, network.variables, network.card, network.novelty)
    cells['test'] = read(splits['test'])
    if is_main():
        write_record(workdir, screen, network, cells)
    summary = evaluate_split(
        workdir / 'evaluation' / 'test',
        network,
        outputs,
        cells['test'],
        seed=config.seed,
        resamples=config.evaluation.resamples,
    )
    if summary:
        report = write_report(workdir)
        print(f'\n{outcome(summary, "test", network.card.calibration)}')
        print(f'Report:     {short(report)}\n{next_steps(short(workdir))}')


def write_record(
    workdir: Path, screen: ScreenInfo, network: TrainedNetwork, cells: dict[str, Cells]
) -> None:
    """Writes `run.json`, which says what was trained, where and on what."""
    record = dict(
        environment(),
        **screen.facts(),
        **network.facts(),
        **describe_splits(cells),
        seconds=training_seconds(workdir),
    )
    write_json(workdir / 'run.json', record)


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
    read_magnifications(config.evaluation.magnifications)
    check_augmentation(config.normalization, config.augmentation.to_dict())


def choices_of(config: ml_collections.ConfigDict) -> Choices:
    """What the floor `train/` needs to know of a config."""
    return Choices(
        seed=config.seed,
        model=config.model.to_dict(),
        optimizer=config.optimizer.to_dict(),
        schedule=config.schedule.to_dict(),
        augmentation=config.augmentation.to_dict(),
        label_smoothing=config.label_smoothing,
        ema_decay=config.ema_decay,
        class_balanced=config.class_balanced,
        batch_size=config.batch_size,
        cadence=Cadence(
            config.total_steps,
            config.log_every,
            config.checkpoint_every,
            config.patience,
        ),
        select_by=config.select_by,
        test_batch=config.evaluation.batch_size,
        device_limit=config.device_limit,
        profile=config.profile,
    )


def card_of(
    config: ml_collections.ConfigDict, screen: ScreenInfo, train: Cells, fitted: Fitted
) -> Card:
    """What is known of a network before its probabilities are calibrated."""
    return Card(
        model=config.model.to_dict(),
        side=train.images.shape[1],
        crop=config.augmentation.crop,
        crops=config.evaluation.crops,
        magnifications=read_magnifications(config.evaluation.magnifications),
        class_names=train.class_names,
        channels=screen.channels,
        marker_channel=screen.marker_channel,
        temperature=1.0,
        screen=screen.full_name,
        simulated=screen.simulated,
        license=screen.license,
        step=fitted.step,
        validation=fitted.scores,
        version=__version__,
        proteins=known_proteins(train.metadata),
        normalization=config.normalization,
        white_level=config.white_level,
        pixel_size=screen.pixel_size,
    )
