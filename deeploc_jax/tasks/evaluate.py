"""Task `evaluate`: judges a trained network on any split or screen, labelled or not."""

from __future__ import annotations

from pathlib import Path

import ml_collections

from deeploc_jax import sharding
from deeploc_jax.command_line import require
from deeploc_jax.data.cells import read_cells, unknown_classes, with_classes
from deeploc_jax.data.corrections import check_named, digest_of, read_corrections
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import describe_screen, name_without_version
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.evaluate.evaluation import evaluate_split
from deeploc_jax.files import write_json
from deeploc_jax.names import split_names
from deeploc_jax.predict.features import make_split_program
from deeploc_jax.predict.screen import fit_to_screen
from deeploc_jax.report.page import write_report
from deeploc_jax.report.wording import outcome
from deeploc_jax.weights.folder import read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import describe_splits, environment, short
from deeploc_jax.workdir.source import data_folders

MAY_CHANGE = ('evaluation.',)


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Evaluates the network of `config.source` on `config.split`.

    Raises:
        ValueError: No source is given, or the channels that are asked for do not fit
            the network.
    """
    require(config, source='<workdir of a training, or weights>')
    asked = split_names(config.channels or '')
    mesh, options = sharding.make_mesh(), config.evaluation
    network = read_weights(config.source, white_level=config.white_level)
    card = network.card
    folders = data_folders(config.source, config.data_dir, config.manual_dir)
    corrections = read_corrections(config.labels)
    inputs = digest_of(corrections)
    claim_workdir(workdir, config.to_dict() | folders, MAY_CHANGE, **inputs)
    builder = open_screen(config.screen or name_without_version(card.screen), **folders)
    network, screen = fit_to_screen(network, describe_screen(builder), asked)
    outputs = make_split_program(network, mesh, options.batch_size, options.crops)
    cells = read_cells(
        builder,
        config.split,
        memory_limit=config.memory_limit,
        channels=screen.channels,
        normalize=make_normalize(card.normalization, card.white_level),
        corrections=corrections,
    )
    check_named(corrections, [cells])
    set_aside = unknown_classes(cells, card.class_names)
    if set_aside and is_main():
        print(
            f'Classes that the network does not know, their cells as if unlabelled: '
            f'{", ".join(set_aside)}. It knows {", ".join(card.class_names)}.'
        )
    cells = with_classes(cells, card.class_names)
    if is_main():
        record = dict(
            environment(),
            trained_on=card.screen,
            **screen.facts(),
            **network.facts(),
            **describe_splits({config.split: cells}),
            set_aside=set_aside,
        )
        write_json(workdir / 'run.json', record)
    summary = evaluate_split(
        workdir / 'evaluation' / config.split,
        network,
        outputs,
        cells,
        seed=config.seed,
        resamples=options.resamples,
    )
    if summary:
        report = write_report(workdir)
        print(f'\n{outcome(summary, config.split, card.calibration)}')
        print(f'Report:     {short(report)}')
