"""Opens a screen by name, and prepares it on disk first where needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from jax.experimental import multihost_utils

from deeploc_jax.devices import is_main


def find_screen(
    name: str, data_dir: str | Path | None = None
) -> tfds.core.DatasetBuilder:
    """The builder of a screen, prepared or not: its classes and channels.

    Args:
        name: Data set name as TFDS knows it, with `/config` where there are several.
        data_dir: Folder of prepared screens; None for TFDS's own default.

    Raises:
        ValueError: The version in the name is not prepared, and not that of the code.
    """
    # TFDS's reader of prepared data sets does not expand ~.
    data_dir = Path(data_dir).expanduser() if data_dir else None
    try:
        return tfds.builder(name, data_dir=data_dir)
    except AssertionError:  # TFDS's, of a version that it does not know
        screen, _, version = name.partition(':')
        if not version:
            raise
        raise ValueError(_no_version(screen, version, data_dir)) from None


def _no_version(screen: str, version: str, data_dir: Path | None) -> str:
    folder = Path(data_dir or tfds.core.constants.DATA_DIR) / screen
    found = sorted(path.parent.name for path in folder.glob('*/dataset_info.json'))
    newest = tfds.builder_cls(screen.partition('/')[0]).VERSION
    return (
        f'{screen} has no version {version} here. Prepared in {folder}: '
        f'{", ".join(found) or "none"}. {newest} can be prepared: name it, or name no '
        'version.'
    )


def prepare_screen(
    name: str,
    data_dir: str | Path | None = None,
    manual_dir: str | Path | None = None,
    **builder_kwargs: Any,
) -> tfds.core.DatasetBuilder:
    """The builder of a screen, prepared on disk first when it is not yet.

    A prepared copy is used as it is, at once. A new one appears whole or not at all.

    Args:
        name: Data set name as TFDS knows it, with `/config` where there are several.
        data_dir: Folder of prepared screens; None for TFDS's own default.
        manual_dir: Folder of the user's own copies of released files; None for
            `<data_dir>/downloads/manual`.
        **builder_kwargs: Arguments of the builder, such as `table` of `own_screen`.

    Raises:
        ValueError: The version in the name is not prepared, and not that of the code.
        FileExistsError: The place is taken by a folder that is no prepared screen.
        OSError: The folder cannot be written, or the disk is full.
    """
    if builder_kwargs:  # tfds.builder would put them all before any error message
        name, _, config = name.partition('/')
        cls = tfds.builder_cls(name)
        builder = cls(data_dir=data_dir, config=config or None, **builder_kwargs)
    else:
        builder = find_screen(name, data_dir)
    if builder.data_path.exists() and not builder.is_prepared():
        raise FileExistsError(
            f'{builder.data_path} exists but holds no prepared screen; remove it or '
            'choose another data_dir.'
        )
    if not builder.info.initialized:
        download = tfds.download.DownloadConfig(manual_dir=manual_dir)
        builder.download_and_prepare(download_config=download)
    return builder


def open_screen(
    name: str,
    data_dir: str | Path | None = None,
    manual_dir: str | Path | None = None,
    **builder_kwargs: Any,
) -> tfds.core.DatasetBuilder:
    """`prepare_screen` on several hosts: one process prepares, the others wait.

    The arguments and errors are those of `prepare_screen`, and this one:

    Raises:
        RuntimeError: The first process could not prepare it, and this is another one.
    """

    def prepare() -> tfds.core.DatasetBuilder:
        return prepare_screen(name, data_dir, manual_dir, **builder_kwargs)

    prepared = False
    try:
        if is_main():
            prepare()
            prepared = True
    finally:  # if the first fails, the others must fail too, not wait for ever
        prepared = multihost_utils.broadcast_one_to_all(np.array(prepared))
    if not prepared:
        raise RuntimeError(f'{name}: see the message of the first process.')
    return prepare()  # at once, now that it is on disk
