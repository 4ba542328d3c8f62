"""Task `evaluate`: a trained network on any split or screen, labelled or not."""

from __future__ import annotations

from pathlib import Path

import jax
import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.data.cells import marker_channel, read_cells, with_classes
from deeploc_jax.datasets import open_screen
from deeploc_jax.files import read_json, write_json
from deeploc_jax.names import split_names
from deeploc_jax.predict.logits import check_crops, make_predict
from deeploc_jax.predict.raw_images import normalization_of
from deeploc_jax.tasks.evaluate_report import evaluate_and_report
from deeploc_jax.train.state import count_parameters
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import (
    describe_splits,
    environment,
)


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Evaluates the network of `config.source` on `config.split`.

    Raises:
        ValueError: No source is given, or the screen has another number of channels
            than the network takes.
    """
    if not config.source:
        raise ValueError('Say --config.source=<workdir of a training, or weights>.')
    mesh = sharding.make_mesh()
    sharding.check_batch_size(config.evaluation.batch_size, mesh)
    network = read_weights(config.source, white_level=config.white_level)
    card = network.card
    crops = config.evaluation.crops or card.crops
    check_crops(crops)
    claim_workdir(workdir, config)
    find_data_like(config, Path(config.source))
    trained_on = card.screen.rpartition('/')[0]  # without its version
    builder = open_screen(
        config.screen or trained_on, config.data_dir, config.manual_dir
    )
    cells = read_cells(
        builder,
        config.split,
        memory_limit=config.memory_limit,
        channels=split_names(config.channels or '') or card.channels,
        normalize=normalization_of(card),
    )
    set_aside = unknown_classes(cells, card)
    cells = fitted(cells, card, builder.info.full_name)
    if set_aside:
        print(
            f'Classes that the network does not know, their cells as if unlabelled: '
            f'{", ".join(set_aside)}. It knows {", ".join(card.class_names)}.'
        )
    record = dict(
        **environment(),
        trained_on=card.screen,
        dataset=builder.info.full_name,
        simulated=bool(builder.info.metadata['simulated']),
        class_names=card.class_names,
        channels=cells.channels,
        marker_channel=marker_channel(builder, cells),
        **describe_splits({config.split: cells}),
        set_aside=set_aside,
        parameters=count_parameters(network.variables['params']),
        normalization=card.normalization,
        white_level=card.white_level,
        best_step=card.step,
        temperature=card.temperature,
        calibration=card.calibration,
    )
    if jax.process_index() == 0:
        write_json(workdir / 'run.json', record)
    evaluate_and_report(
        config,
        workdir,
        config.split,
        make_predict(network.model, mesh, crop=card.crop, crops=crops),
        network,
        cells,
        mesh,
    )


def find_data_like(config: ml_collections.ConfigDict, source: Path) -> None:
    """Looks for data where the training of `source` did, unless told otherwise."""
    workdir = source.parent if source.name == 'weights' else source
    if not (workdir / 'run.json').exists():  # weights alone
        return
    trained = read_json(workdir / 'config.json')
    with config.unlocked():
        for name in ('data_dir', 'manual_dir'):
            config[name] = config[name] or trained[name]


def unknown_classes(cells: Cells, card: Card) -> dict[str, int]:
    """How many cells there are of each class that the network does not know."""
    counts = np.bincount(cells.labels + 1, minlength=len(cells.class_names) + 1)[1:]
    named = zip(cells.class_names, counts.tolist(), strict=True)
    return {name: n for name, n in named if name not in card.class_names}


def fitted(cells: Cells, card: Card, name: str) -> Cells:
    """The cells numbered by the classes of the network, which need not all be there.

    Raises:
        ValueError: The network takes another number of channels.
    """
    if len(cells.channels) != len(card.channels):
        raise ValueError(
            f'The number of channels of {name} does not fit the network:\n'
            f'  screen:  {cells.channels}\n  network: {card.channels}\n'
            'Say which to take, in the order of the network: --config.channels=...'
        )
    return with_classes(cells, card.class_names)
