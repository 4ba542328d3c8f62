"""Task `prepare`: a screen on disk, as a TFDS data set."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import jax
import ml_collections
import tensorflow_datasets as tfds
from jax.experimental import multihost_utils

from deeploc_jax.data.screen_builder import prepare_screen


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Prepares `config.screen` and says where it is and how to load it."""
    screen, options = config.screen, {}
    if 'own_screen' in config:
        options = own_screen_options(config.own_screen)
        screen = f'own_screen/{options.pop("name")}'
    builder = open_screen(config, screen, **options)
    if jax.process_index():
        return
    info = builder.info
    sizes = ', '.join(f'{name} {s.num_examples:,}' for name, s in info.splits.items())
    root = f', data_dir={config.data_dir!r}' if config.data_dir else ''
    screen = info.full_name.rsplit('/', 1)[0]
    use = 'Train on it:  python launch.py --config=configs/deeploc.py:modern'
    if not info.features['label'].names:
        use = (
            'Name its cells: python launch.py --config=configs/evaluate.py '
            '--config.source=<workdir of a training, or lean-sim>'
        )
    print(
        f'\nPrepared {info.full_name}: {sizes} cells in {builder.data_path}\n'
        f'{use} --config.screen={screen}'
        + (f' --config.data_dir={config.data_dir}' if config.data_dir else '')
        + '\nLoad it:      import deeploc_jax.datasets; '
        f"tfds.data_source('{screen}', split='{next(iter(info.splits))}'{root})"
    )


def open_screen(
    config: ml_collections.ConfigDict, screen: str, **options: Any
) -> tfds.core.DatasetBuilder:
    """The builder of a screen, prepared by one process while the others wait."""

    def prepare() -> tfds.core.DatasetBuilder:
        return prepare_screen(screen, config.data_dir, config.manual_dir, **options)

    try:
        if jax.process_index() == 0:
            prepare()
    finally:  # where the first fails, the others shall fail too, not wait for ever
        multihost_utils.sync_global_devices('screen prepared')
    return prepare()  # at once, now that it is on disk


def describe_screen(
    config: ml_collections.ConfigDict, screen: str
) -> tfds.core.DatasetBuilder:
    """The builder of a screen that need not be prepared: its classes and channels."""
    importlib.import_module('deeploc_jax.datasets')  # registers every screen
    return tfds.builder(screen, data_dir=config.data_dir)


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
