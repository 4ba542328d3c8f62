"""Explains which files of a released screen are missing, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import tensorflow_datasets as tfds

from deeploc_jax.data.release.files import URL, ZIP_NAME, ReleaseNotFoundError


def nothing_found(
    builder: tfds.core.DatasetBuilder,
    names: Collection[str],
    folder: Path,
    error: Exception,
) -> ReleaseNotFoundError:
    """The error for a screen without any file.

    Args:
        builder: Builder of the screen.
        names: Names of its files.
        folder: Folder that was searched.
        error: Reason why the download failed.
    """
    return ReleaseNotFoundError(
        f'{builder.name}: {", ".join(names)} are not in {folder}, and the download of '
        f'{URL} failed ({error}). Put the files there, extracted or in {ZIP_NAME}, or '
        'use the simulated screen, which needs none: '
        f'--config=configs/deeploc.py:sim{_earlier_versions(builder)}'
    )


def some_missing(
    builder: tfds.core.DatasetBuilder, missing: Mapping[str, str], folder: Path
) -> str:
    """The warning for a screen without some of its splits.

    Args:
        builder: Builder of the screen.
        missing: Name of the missing file of each split.
        folder: Folder that was searched.
    """
    files = ', '.join(f'{name} (split {split!r})' for split, name in missing.items())
    prepared = builder.data_dir_root / builder.info.full_name  # not yet data_path
    return (
        f'{builder.name} is prepared without {files}, which {folder} lacks. To add '
        f'them, put them there, delete {prepared} and prepare the screen again.'
    )


def _earlier_versions(builder: tfds.core.DatasetBuilder) -> str:
    """Names the screens that earlier versions prepared; their splits may differ."""
    folders = (builder.data_dir_root / builder.name).glob('[0-9]*.[0-9]*.[0-9]*')
    names = sorted(f'{builder.name}:{folder.name}' for folder in folders)
    prepared = f'. Prepared by an earlier version: {", ".join(names)}'
    return f'{prepared} (--config.screen={names[-1]})' if names else ''
