"""Task `prepare`: puts a screen on disk as a TFDS data set."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import ml_collections

from deeploc_jax.command_line import require
from deeploc_jax.data.screen_info import ScreenInfo, describe_screen
from deeploc_jax.data.split_check import PURPOSES
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.names import show_name


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Prepares `config.screen` and says where it is and how to load it."""
    name, options = config.screen, {}
    if 'own_screen' in config:
        options = own_screen_options(config)
        name = f'own_screen/{options.pop("name")}'
    builder = open_screen(name, config.data_dir, config.manual_dir, **options)
    if not is_main():
        return
    screen = describe_screen(builder)
    sizes = ', '.join(f'{split} {n:,}' for split, n in screen.splits.items())
    where = {'data_dir': config.data_dir} if config.data_dir else {}
    load = {'split': next(iter(screen.splits)), **where}
    arguments = ', '.join(f'{field}={value!r}' for field, value in load.items())
    print(
        f'\nPrepared {screen.full_name}: {sizes} cells in {builder.data_path}\n'
        f'{next_command(screen, name, config.data_dir)}\n'
        'Load it:      import tensorflow_datasets as tfds, deeploc_jax.datasets; '
        f'tfds.data_source({name!r}, {arguments})'
    )


def next_command(screen: ScreenInfo, name: str, data_dir: str | None) -> str:
    """A command that trains on a prepared screen, or else names its cells.

    Splits that a screen with `train` has not are cut from it.

    Args:
        screen: The screen, prepared.
        name: Its name, as `config.screen` takes it.
        data_dir: Folder of prepared screens, None for TFDS's own default.
    """
    options = {'screen': name} | ({'data_dir': data_dir} if data_dir else {})
    if 'train' in screen.splits and screen.class_names:
        what, file = 'Train on it: ', 'deeploc_lean.py'
        options |= _cut_splits([s for s in PURPOSES if s not in screen.splits])
    else:
        what, file = 'Name its cells:', 'evaluate.py'
        options |= _source_like(screen)
        splits = list(screen.splits)
        options['split'] = 'test' if 'test' in splits else splits[0]
    command = ['python', 'launch.py', f'--config=configs/{file}']
    command += [f'--config.{field}={value}' for field, value in options.items()]
    return f'{what} {shlex.join(command)}'


def _cut_splits(missing: list[str]) -> dict[str, str]:
    starts = [100 - 10 * (len(missing) - i) for i in range(len(missing))]
    cut = {
        f'splits.{name}': f'train[{start}%:{start + 10}%]'
        for name, start in zip(missing, starts, strict=True)
    }
    return {'splits.train': f'train[:{starts[0]}%]', **cut} if cut else {}


def _source_like(screen: ScreenInfo) -> dict[str, str]:
    """The network of the package where it has the channels, else one to be trained."""
    if screen.marker_channel < 0:
        return {'source': 'runs/a-training-on-such-channels'}
    pair = screen.channels[0], screen.channels[screen.marker_channel]
    return {'source': 'lean-sim', 'channels': ','.join(map(show_name, pair))}


def own_screen_options(config: ml_collections.ConfigDict) -> dict[str, Any]:
    """Keyword arguments of `OwnScreen` from what was typed on the command line.

    Raises:
        ValueError: Table, name or channels are missing.
    """
    roles = 'protein=<channel>,marker=<channel>'
    examples = dict(table='<file>', name='<name>', channels=roles)
    require(config, **{f'own_screen.{name}': text for name, text in examples.items()})
    options = config.own_screen.items()
    return {name: value for name, value in options if value is not None}
