"""Task `convert`: writes weights that others released as our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_collections

from deeploc_jax import __version__
from deeploc_jax.command_line import require
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.datasets import find_screen
from deeploc_jax.devices import is_main
from deeploc_jax.lookup import lookup
from deeploc_jax.names import split_names
from deeploc_jax.reliability import NOT_CALIBRATED
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import write_weights
from deeploc_jax.weights.imagenet import IN_FILES, read_file
from deeploc_jax.weights.released import RELEASED, Released
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import short


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `weights/` with a card that says what is known of them.

    Raises:
        ValueError: No source is given, it cannot be read, or its arrays are not those
            of the network for the classes of the screen; both sides are listed.
    """
    require(config, source='<checkpoint or file of weights>')
    every = {**RELEASED, **IN_FILES}
    released = lookup('released network', config.network, every)
    if not isinstance(released, Released):
        license = config.license or 'not stated'
        write(config, workdir, *read_file(config.network, config.source, license))
        return
    config.screen = config.screen or released.screen
    config.channels = config.channels or ','.join(released.channels)
    config.license = config.license or released.license
    screen = describe_screen(find_screen(config.screen, config.data_dir))
    variables = released.read(config.source)
    channels = tuple(split_names(config.channels))
    card = Card(
        model=released.model,
        side=released.side,
        crop=released.crop,
        crops=released.crops,
        class_names=screen.class_names,
        channels=channels,
        marker_channel=screen.marker_among(channels),
        temperature=1.0,
        calibration=f'{NOT_CALIBRATED}: released weights have no temperature',
        screen=screen.full_name,
        simulated=screen.simulated,
        license=config.license,
        step=0,
        validation={},
        version=f'converted by deeploc_jax {__version__}',
        normalization=released.normalization,
        note=released.note,
    )
    write(config, workdir, card, variables)


def write(
    config: ml_collections.ConfigDict,
    workdir: Path,
    card: Card,
    variables: dict[str, Any],
) -> None:
    """Writes the weights and says what to do with them.

    Raises:
        MismatchError: The arrays are not those of the network.
    """
    card.network_of(variables, config.source)
    claim_workdir(workdir, config.to_dict())
    if not is_main():
        return
    folder = write_weights(workdir / 'weights', variables, card)
    if card.note:
        print(card.note)
    print(
        f'\nConverted {config.source}: {len(card.class_names)} classes, channels '
        f'{", ".join(card.channels)}\nWeights: {short(folder)}\n'
        f'Predict: deeploc_jax.load({str(short(workdir))!r}).predict(images)\n'
        f'Next:    python launch.py --config=configs/evaluate.py '
        f'--config.source={short(workdir)} --workdir={short(workdir)}-test'
    )
