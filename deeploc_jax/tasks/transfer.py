"""Task `transfer`: a trained network for another screen, with few labels or many."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import ml_collections

from deeploc_jax import sharding
from deeploc_jax.class_map import make_class_map
from deeploc_jax.command_line import require
from deeploc_jax.data.corrections import digest_of, read_corrections
from deeploc_jax.data.normalize import check_augmentation, make_normalize
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.data.split_check import check_splits
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.lookup import check_name
from deeploc_jax.names import split_names, split_sizes
from deeploc_jax.predict.screen import fit_to_screen
from deeploc_jax.predict.views import check_crops
from deeploc_jax.probe.classifiers import PROBES
from deeploc_jax.report.transfer import MODES, NEEDED, mapping_in_words
from deeploc_jax.transfer.as_is import AsIs
from deeploc_jax.transfer.draws import make_draws
from deeploc_jax.transfer.jobs import jobs_of, most_cells
from deeploc_jax.transfer.missing_fits import fit_missing
from deeploc_jax.transfer.prober import Prober
from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.transfer.results import write_results
from deeploc_jax.transfer.target_screen import Target, read_target
from deeploc_jax.transfer.tuner import Tuner
from deeploc_jax.transfer.unseen import Unseen
from deeploc_jax.types import METADATA
from deeploc_jax.weights.folder import TrainedNetwork, read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.finished_fits import Fits
from deeploc_jax.workdir.source import data_folders

MAY_CHANGE = ('splits.test', 'evaluation.', 'modes', 'cells_per_class', 'draws')
MAY_CHANGE += ('confusion_at', 'class_map', 'head', 'l2_sp')
SCHEDULES = ('cosine', 'constant')
HEADS = ('mapped', 'fresh')
TUNED = ('fine_tune', 'frozen_conv', 'scratch')


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Trains and tests every mode with every number of cells.

    Raises:
        ValueError: Source or screen are missing, the config names what does not exist,
            or its channels do not fit, or a split has no labelled cell.
    """
    asked, recipe = check(config), recipe_of(config)
    source = read_weights(config.source, white_level=config.white_level)
    mesh = sharding.make_mesh()
    sharding.check_batch_size(recipe.test_batch, mesh)
    source, target = open_target(config, workdir, asked.channels, source)
    draws = make_draws(
        target.cells['train'],
        asked.sizes,
        config.draws,
        group_by=config.group_by,
        seed=config.seed,
    )
    both = source.card.class_names, target.cells['train'].class_names
    classes = make_class_map(*both, config.class_map or '')
    start = classes if config.head == 'mapped' and classes.mapped.any() else None
    jobs = jobs_of(asked.modes, draws, classes, start, config.l2_sp)
    if not jobs:
        raise ValueError(mapping_in_words(classes))
    common = source, target, mesh
    as_is = AsIs(recipe, classes, *common)
    guesses = as_is.validation_guesses if classes.can_ask else None
    unseen = Unseen(target, config.group_by, config.seed, guesses)
    prober = Prober(recipe, PROBES[config.probe], *common, config.group_by, unseen)
    tuners = {mode: Tuner(recipe, mode, *common, unseen, start) for mode in TUNED}
    methods = tuners | dict(probe=prober, as_is=as_is)
    tested = dict(splits=config.splits.to_dict(), crops=recipe.crops)
    fits = Fits(workdir / 'fits.jsonl', tested, NEEDED)
    names = [job.name for job in jobs]
    most = most_cells([*fits.jobs(), *names])
    is_most = sharding.as_first_sees([name == most for name in names])
    kept = list(itertools.compress(names, is_most))
    for job, tuned in fit_missing(fits, methods, jobs):
        if tuned.network and job.name in kept:
            tuners[job.mode].write(tuned.network, job.draw, workdir / 'weights')
        fits.add(job.name, tuned.result)  # last: a fit on record is not done again
    if is_main():
        rows = [
            fits.row(job.name)
            | dict(series=job.mode, cells_per_class=job.draw.cells_per_class)
            for job in jobs
        ]
        write_results(
            workdir,
            source.card.screen,
            target,
            classes,
            rows,
            test_split=config.splits.test,
            crops=recipe.crops,
            group_by=config.group_by,
            confusion_at=asked.confusion_at,
        )


def open_target(
    config: ml_collections.ConfigDict,
    workdir: Path,
    channels: Sequence[str],
    source: TrainedNetwork,
) -> tuple[TrainedNetwork, Target]:
    """Opens the screen, claims the workdir and reads the cells.

    Args:
        config: The config of the task.
        workdir: Folder of the run.
        channels: Names of the channels to read; empty to match them by role.
        source: The network that is transferred.

    Returns:
        The network for the channels of the screen, and the screen.
    """
    card, splits = source.card, config.splits.to_dict()
    check_augmentation(card.normalization, config.augmentation.to_dict())
    normalize = make_normalize(card.normalization, card.white_level)
    folders = data_folders(config.source, config.data_dir, config.manual_dir)
    builder = open_screen(config.screen, **folders)
    check_splits(builder, splits)
    fitted, screen = fit_to_screen(
        source, describe_screen(builder), channels, more=True
    )
    inputs = dict(screen=screen.identity, source=source.sha256)
    corrections = read_corrections(config.labels)
    inputs |= digest_of(corrections)
    claim_workdir(workdir, config.to_dict() | folders, MAY_CHANGE, **inputs)
    limit = config.memory_limit
    target = read_target(builder, screen, splits, normalize, limit, corrections)
    return fitted, target


class Asked(NamedTuple):
    """The lists of a config, which are text there."""

    modes: list[str]
    sizes: list[int] | list[None]
    confusion_at: list[int] | list[None]
    channels: list[str]


def check(config: ml_collections.ConfigDict) -> Asked:
    """Checks what is asked for, and reads its lists.

    Raises:
        ValueError: Something is missing, does not exist or cannot be.
    """
    require(config, source='<workdir of a training, or weights>', screen='<screen>')
    require(config, modes=','.join(MODES))
    modes, sizes = split_names(config.modes), split_sizes(config.cells_per_class)
    shown = sizes[-1:]
    if config.confusion_at:
        shown = split_sizes(config.confusion_at, 'confusion_at')
    if not set(shown) <= set(sizes):
        raise ValueError(
            f'confusion_at ({config.confusion_at}) must be among cells_per_class '
            f'({config.cells_per_class}).'
        )
    channels = split_names(config.channels or '')
    for mode in modes:
        check_name('mode', mode, MODES)
    check_name('probe', config.probe, PROBES)
    check_name('group_by', config.group_by, METADATA)
    check_name('schedule', config.schedule, SCHEDULES)
    check_name('head', config.head, HEADS)
    for field, least in (('draws', 1), ('steps', 0), ('batch_size', 1), ('l2_sp', 0)):
        if config[field] < least:
            raise ValueError(f'{field} ({config[field]}) must be at least {least}.')
    check_crops(config.evaluation.crops)
    return Asked(modes, sizes, shown, channels)


def recipe_of(config: ml_collections.ConfigDict) -> Recipe:
    """How the networks are trained and tested."""
    return Recipe(
        seed=config.seed,
        steps=config.steps,
        batch_size=config.batch_size,
        schedule=config.schedule,
        learning_rate=config.learning_rate,
        l2_sp=config.l2_sp,
        dropout=config.dropout,
        augmentation=config.augmentation.to_dict(),
        test_batch=config.evaluation.batch_size,
        crops=config.evaluation.crops,
        memory_limit=config.memory_limit,
    )
