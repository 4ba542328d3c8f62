"""Task `transfer`: a trained network for another screen, with few labels or many."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.data.normalize import check_augmentation
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.data.split_check import check_splits
from deeploc_jax.datasets import open_screen
from deeploc_jax.lookup import check_name
from deeploc_jax.names import split_names, split_sizes
from deeploc_jax.predict.logits import check_crops
from deeploc_jax.report.transfer import MODES, NEEDED, write_transfer_report
from deeploc_jax.transfer.fit_all import fit_all
from deeploc_jax.transfer.probing import check_probe, make_prober
from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.transfer.target_screen import read_target
from deeploc_jax.transfer.tuned_weights import write_tuned
from deeploc_jax.transfer.tuning import make_tuner
from deeploc_jax.types import METADATA
from deeploc_jax.weights.folder import read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.finished_fits import Fits
from deeploc_jax.workdir.source import data_folders

MAY_CHANGE = ('splits.test', 'evaluation.', 'modes', 'cells_per_class', 'draws')
MAY_CHANGE += ('confusion_at',)
SCHEDULES = ('cosine', 'constant')


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Trains and tests every mode with every number of cells.

    Raises:
        ValueError: Source or screen are missing, the config names what does not exist,
            or the screen has too few channels, or no labelled cell in a split.
    """
    modes, sizes = check(config)
    source, mesh = (
        read_weights(config.source, white_level=config.white_level),
        sharding.make_mesh(),
    )
    sharding.check_batch_size(config.evaluation.batch_size, mesh)
    folders = data_folders(config.source, config.data_dir, config.manual_dir)
    builder = open_screen(config.screen, **folders)
    check_splits(builder, config.splits.to_dict())
    inputs = dict(screen=describe_screen(builder).identity, source=source.sha256)
    check_augmentation(source.card.normalization, config.augmentation.to_dict())
    claim_workdir(workdir, config.to_dict() | folders, MAY_CHANGE, **inputs)
    target = read_target(
        builder,
        source.card,
        splits=config.splits.to_dict(),
        channels=split_names(config.channels or ''),
        memory_limit=config.memory_limit,
    )
    cells, recipe = target.cells, recipe_of(config)
    pairs = zip(cells['train'].channels, source.card.channels, strict=True)
    print('Channels: ' + ', '.join(f'{theirs} for {ours}' for theirs, ours in pairs))

    tested = dict(splits=config.splits.to_dict(), crops=config.evaluation.crops)
    fits = Fits(workdir / 'fits.jsonl', tested, NEEDED)
    tuned = [
        job['cells_per_class'] for job in fits.jobs() if job['mode'] == 'fine_tune'
    ]
    largest = 0 if 0 in (*sizes, *tuned) else max(*sizes, *tuned, 1)  # 0: all cells

    def keep(
        size: int, variables: Any, logits: np.ndarray, rows: np.ndarray, steps: int
    ) -> None:
        if size == largest:
            write_tuned(
                workdir / 'weights',
                source.card,
                target,
                variables,
                logits,
                rows,
                steps,
                mesh,
                recipe.test_batch,
            )

    common = source, cells, mesh
    workers = {
        mode: partial(make_tuner, recipe, mode, *common, keep, target.in_train)
        for mode in modes
    }
    if 'probe' in modes:
        workers['probe'] = partial(
            make_prober,
            recipe,
            config.probe,
            *common,
            config.group_by,
            target.in_train,
        )
    rows = fit_all(config, fits, workers, cells['train'], sizes, recipe)
    if jax.process_index() == 0:
        write_transfer_report(config, workdir, source.card, target, rows)


def check(config: ml_collections.ConfigDict) -> tuple[list[str], list[int]]:
    """Modes and sizes asked for.

    Raises:
        ValueError: Something is missing, does not exist or cannot be.
    """
    for field in ('source', 'screen', 'modes'):
        if not config[field]:
            raise ValueError(f'Say --config.{field}=...; configs/transfer.py has more.')
    modes, sizes = split_names(config.modes), split_sizes(config.cells_per_class)
    shown = split_sizes(config.confusion_at, 'confusion_at')
    if config.confusion_at and not set(shown) <= set(sizes):
        raise ValueError(
            f'confusion_at ({config.confusion_at}) must be among cells_per_class '
            f'({config.cells_per_class}).'
        )
    for mode in modes:
        check_name('mode', mode, MODES)
    check_name('group_by', config.group_by, METADATA)
    for field, least in (('draws', 1), ('steps', 0), ('batch_size', 1)):
        if config[field] < least:
            raise ValueError(f'{field} ({config[field]}) must be at least {least}.')
    check_name('schedule', config.schedule, SCHEDULES)
    check_crops(config.evaluation.crops)
    if 'probe' in modes:
        check_probe(config.probe)
    return modes, sizes


def recipe_of(config: ml_collections.ConfigDict) -> Recipe:
    """How the networks are trained and tested."""
    return Recipe(
        seed=config.seed,
        steps=config.steps,
        batch_size=config.batch_size,
        schedule=config.schedule,
        learning_rate=config.learning_rate,
        dropout=config.dropout,
        augmentation=config.augmentation.to_dict(),
        test_batch=config.evaluation.batch_size,
        crops=config.evaluation.crops,
        memory_limit=config.memory_limit,
    )
