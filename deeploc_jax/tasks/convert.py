"""Task `convert`: weights that others released, as our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_collections

from deeploc_jax import __version__
from deeploc_jax.command_line import require
from deeploc_jax.datasets import find_screen
from deeploc_jax.lookup import lookup
from deeploc_jax.names import split_names
from deeploc_jax.predict.calibration import NOT_CALIBRATED
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import check_network, write_weights
from deeploc_jax.weights.released import RELEASED
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import short

INPUTS: dict[str, dict[str, Any]] = {
    'deeploc': dict(
        crop=60,
        crops=5,
        normalization='percentile',
        note='Trained on pixels as the released code scales them: the lowest 0.1 % are '
        'not clipped, and a channel whose range is at most 1 is not scaled. Here '
        'pixels are scaled as the paper says.',
    ),
    'deepyeast': dict(crop=64, crops=1, normalization='unit'),
}
MODELS = {
    'deeploc': dict(name='deeploc', bn_momentum=0.5),
    'deepyeast': dict(name='deepyeast', bn_momentum=0.99),
}


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `weights/` with a card that says what is known of them.

    Raises:
        ValueError: No source is given, it cannot be read, or its arrays are not those
            of the network for the classes of the screen; both sides are listed.
    """
    require(config, source='<checkpoint or file of weights>')
    read = lookup('released network', config.network, RELEASED)
    builder = find_screen(config.screen, config.data_dir)
    variables = read(config.source)
    channels = tuple(split_names(config.channels))
    index = int(builder.info.metadata['marker_channel'])
    marker = builder.info.metadata['channels'][index] if index >= 0 else None
    card = Card(
        model=MODELS[config.network],
        side=64,
        class_names=tuple(builder.info.features['label'].names),
        channels=channels,
        marker_channel=channels.index(marker) if marker in channels else -1,
        temperature=1.0,
        calibration=f'{NOT_CALIBRATED}: released weights have no temperature',
        screen=builder.info.full_name,
        simulated=bool(builder.info.metadata['simulated']),
        licence=config.licence,
        step=0,
        validation={},
        version=f'converted by deeploc_jax {__version__}',
        **INPUTS[config.network],
    )
    check_network(variables, card, config.source)
    claim_workdir(workdir, config.to_dict())
    folder = write_weights(workdir / 'weights', variables, card)
    if card.note:
        print(card.note)
    print(
        f'\nConverted {config.source}: {len(card.class_names)} classes, channels '
        f'{", ".join(channels)}\nWeights: {short(folder)}\n'
        f'Predict: deeploc_jax.load({str(short(workdir))!r}).predict(images)\n'
        f'Next:    python launch.py --config=configs/evaluate.py '
        f'--config.source={short(workdir)} --workdir={short(workdir)}-test'
    )
