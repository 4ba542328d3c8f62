"""Records what a run was asked for, with which versions and on which devices."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import jax
import numpy as np

from deeploc_jax.devices import describe_devices
from deeploc_jax.files import read_jsonl
from deeploc_jax.types import Cells

_PACKAGES = ('deeploc_jax', 'jax', 'flax', 'optax', 'orbax-checkpoint', 'numpy')


def environment() -> dict[str, Any]:
    """Versions and devices, for `run.json`."""
    versions = {name: _version(name) for name in _PACKAGES}
    return dict(
        versions=dict(python=platform.python_version(), **versions),
        device=describe_devices(),
        hosts=jax.process_count(),
    )


def describe_splits(cells: dict[str, Cells]) -> dict[str, Any]:
    """Number of cells of each split and of each class in it, for `run.json`."""
    counts = {}
    for name, split in cells.items():
        known = split.labels[split.labels >= 0]
        number = np.bincount(known, minlength=len(split.class_names)).tolist()
        counts[name] = dict(zip(split.class_names, number, strict=True))
    sizes = {name: len(split) for name, split in cells.items()}
    return dict(splits=sizes, class_counts=counts)


def short(path: Path) -> Path:
    """The path relative to the current folder, when it is inside."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def training_seconds(workdir: Path) -> float:
    """Time spent in training steps, before and after any interruption."""
    seconds, last = 0.0, 0
    for row in read_jsonl(workdir / 'metrics.jsonl'):
        if 'train/steps_per_second' in row:
            seconds += (row['step'] - last) / row['train/steps_per_second']
            last = row['step']
    return seconds


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        return 'not installed'
