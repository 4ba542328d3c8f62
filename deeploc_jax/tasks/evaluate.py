"""Task `evaluate`: a trained network on any split or screen with its classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import ml_collections

from deeploc_jax import sharding
from deeploc_jax.data.cells import marker_channel, read_cells
from deeploc_jax.evaluate.evaluation import write_evaluation
from deeploc_jax.evaluate.predict import Predict, make_predict, predict_cells
from deeploc_jax.files import read_json, write_json
from deeploc_jax.report.page import write_report
from deeploc_jax.tasks.build import build
from deeploc_jax.tasks.prepare import open_screen
from deeploc_jax.tasks.workdir import (
    claim_workdir,
    describe_splits,
    environment,
    read_config,
)
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.types import Cells


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Evaluates the best checkpoint of `config.source` on `config.split`.

    Raises:
        ValueError: No source is given, or the screen has other classes or channels
            than the network.
    """
    if not config.source:
        raise ValueError('Say --config.source=<workdir of a training>.')
    mesh = sharding.make_mesh()
    sharding.check_batch_size(config.evaluation.batch_size, mesh)
    source = Path(config.source)
    trained = read_config(source)
    if not (source / 'run.json').exists():
        raise ValueError(f'The training in {source} is not finished: no run.json.')
    record = read_json(source / 'run.json')
    claim_workdir(workdir, config)
    with config.unlocked():
        config.data_dir = config.data_dir or trained.data_dir
        config.manual_dir = config.manual_dir or trained.manual_dir
    builder = open_screen(config, config.screen or trained.screen)
    cells = read_cells(
        builder,
        config.split,
        memory_limit=config.memory_limit,
        channels=config.channels or trained.channels,
    )
    check_fit(cells, record, builder.info.full_name)
    experiment = build(trained, len(cells.class_names), len(cells.channels), mesh)
    with Checkpoints(
        source / 'checkpoints', trained.select_by, read_only=True
    ) as checkpoints:
        state = checkpoints.restore(record['best_step'], experiment.state)
    predict = make_predict(
        experiment.model,
        mesh,
        crop=trained.augmentation.crop,
        crops=config.evaluation.crops,
    )
    record |= environment()
    record |= dict(
        trained_on=record['dataset'],
        dataset=builder.info.full_name,
        simulated=bool(builder.info.metadata['simulated']),
        channels=cells.channels,
        marker_channel=marker_channel(builder, cells),
        **describe_splits({config.split: cells}),
    )
    if jax.process_index() == 0:
        write_json(workdir / 'run.json', record)
    evaluate_and_report(
        config,
        workdir,
        config.split,
        predict,
        state.variables,
        cells,
        record['temperature'],
        mesh,
    )


def check_fit(cells: Cells, record: dict[str, Any], name: str) -> None:
    """Raises a ValueError unless the screen has the network's classes and channels."""
    for what, found, wanted in (
        ('classes', list(cells.class_names), record['class_names']),
        ('number of channels', len(cells.channels), len(record['channels'])),
    ):
        if found != wanted:
            raise ValueError(
                f'The {what} of {name} do not fit the network:\n'
                f'  screen:  {found}\n  network: {wanted}'
            )


def evaluate_and_report(
    config: ml_collections.ConfigDict,
    workdir: Path,
    split: str,
    predict: Predict,
    variables: Any,
    cells: Cells,
    temperature: float,
    mesh: jax.sharding.Mesh,
) -> None:
    """Predicts a split, writes its tables and the report, and says what was made."""
    options = config.evaluation
    logits = predict_cells(predict, variables, cells, mesh, options.batch_size, split)
    if jax.process_index():
        return
    summary = write_evaluation(
        workdir / 'evaluation' / split,
        cells,
        logits,
        temperature=temperature,
        seed=config.seed,
        resamples=options.resamples,
    )
    report = write_report(workdir, split)
    print(f'\n{in_words(summary, split)}\nReport:     {_short(report)}')


def print_next(workdir: Path) -> None:
    """What can be done with a trained network."""
    source = _short(workdir)
    print(
        f'Next:       python launch.py --config=configs/evaluate.py '
        f'--config.source={source} --config.split=validation '
        f'--workdir={source}-validation\n'
        'Your cells: datasets/README.md, "Bring your own data"'
    )


def _short(path: Path) -> Path:
    """Relative to the folder one is in, when inside it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def in_words(summary: dict[str, Any], split: str) -> str:
    """The main number with its interval, or what was counted without labels."""
    if not summary['n_labelled']:
        return f'{summary["n_cells"]:,} unlabelled cells of {split!r} were predicted.'
    accuracy = summary['accuracy']
    low, high = accuracy['interval']
    return (
        f'{split} accuracy: {accuracy["value"]:.3f} (95 % {low:.3f} to {high:.3f}, '
        f'resampled by {summary["resampled_by"]}) over {summary["n_labelled"]:,} cells'
    )
