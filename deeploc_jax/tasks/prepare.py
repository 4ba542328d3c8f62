"""Task `prepare`: a screen on disk, as a TFDS data set."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import ml_collections
import tensorflow_datasets as tfds

from deeploc_jax.data.split_check import PURPOSES
from deeploc_jax.datasets import open_screen


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Prepares `config.screen` and says where it is and how to load it."""
    screen, options = config.screen, {}
    if 'own_screen' in config:
        options = own_screen_options(config.own_screen)
        screen = f'own_screen/{options.pop("name")}'
    builder = open_screen(screen, config.data_dir, config.manual_dir, **options)
    if jax.process_index():
        return
    info = builder.info
    sizes = ', '.join(f'{name} {s.num_examples:,}' for name, s in info.splits.items())
    where = {'data_dir': config.data_dir} if config.data_dir else {}
    load = {'split': next(iter(info.splits)), **where}
    options = ', '.join(f'{name}={value!r}' for name, value in load.items())
    print(
        f'\nPrepared {info.full_name}: {sizes} cells in {builder.data_path}\n'
        f'{next_command(builder, screen, config.data_dir)}\n'
        'Load it:      import deeploc_jax.datasets; '
        f'tfds.data_source({screen!r}, {options})'
    )


def next_command(
    builder: tfds.core.DatasetBuilder, screen: str, data_dir: str | None
) -> str:
    """A command that trains on a prepared screen, or else names its cells.

    Splits that a screen with `train` has not are cut from it.

    Args:
        builder: The screen, prepared.
        screen: Its name, as `config.screen` takes it.
        data_dir: Where it was prepared, if that was said.
    """
    splits = list(builder.info.splits)
    options = {'screen': screen} | ({'data_dir': data_dir} if data_dir else {})
    if 'train' in splits and builder.info.features['label'].names:
        what, file = 'Train on it: ', 'deeploc.py:modern'
        options |= _cut_splits([s for s in PURPOSES if s not in splits])
    else:
        what, file = 'Name its cells:', 'evaluate.py'
        options |= _source_like(builder.info.metadata)
        options['split'] = 'test' if 'test' in splits else splits[0]
    command = ['python', 'launch.py', f'--config=configs/{file}']
    command += [f'--config.{name}={value}' for name, value in options.items()]
    return f'{what} {shlex.join(command)}'


def _cut_splits(missing: list[str]) -> dict[str, str]:
    starts = [100 - 10 * (len(missing) - i) for i in range(len(missing))]
    cut = {
        f'splits.{name}': f'train[{start}%:{start + 10}%]'
        for name, start in zip(missing, starts, strict=True)
    }
    return {'splits.train': f'train[:{starts[0]}%]', **cut} if cut else {}


def _source_like(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The network of the package where it has the channels, else one to be trained."""
    marker = metadata['marker_channel']
    if marker < 0:
        return {'source': 'runs/a-training-on-such-channels'}
    names = metadata['channels']
    channels = f'{names[metadata["protein_channel"]]},{names[marker]}'
    return {'source': 'lean-sim', 'channels': channels}


def own_screen_options(options: ml_collections.ConfigDict) -> dict[str, Any]:
    """Keyword arguments of `OwnScreen` from what was typed on the command line.

    Raises:
        ValueError: Table, name or channels are missing.
    """
    for field in ('table', 'name', 'channels'):
        if not options[field]:
            raise ValueError(
                f'Say --config.own_screen.{field}=...; datasets/README.md, "Bring your '
                'own data", has an example.'
            )
    return {name: value for name, value in options.items() if value is not None}
