"""A prepared screen is followed by a command that uses it."""

from __future__ import annotations

import shlex

from deeploc_jax.data.screen_info import ScreenInfo
from deeploc_jax.data.split_check import PURPOSES
from deeploc_jax.names import show_name


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
