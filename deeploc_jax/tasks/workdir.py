"""A workdir that explains itself: what was asked, with what, on what."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.data.screen_features import IMAGE_SIZE
from deeploc_jax.files import read_json, read_jsonl, write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.types import Cells

SELECTORS = (
    'validation/loss',
    'validation/accuracy',
    'validation/balanced_accuracy',
)
_PACKAGES = ('deeploc_jax', 'jax', 'flax', 'optax', 'orbax-checkpoint', 'numpy')
# A run may move to another disk or machine, be evaluated otherwise, or be asked for
# more fits, and still be the same.
_MAY_CHANGE = (
    'data_dir',
    'manual_dir',
    'memory_limit',
    'device_limit',
    'profile',
    'splits.test',
    'evaluation.',
    'h5ad',
    'modes',
    'probes',
    'cells_per_class',
    'draws',
    'confusion_at',
)
_NOT_MADE = {'config.json', 'error.log'}  # what a run leaves that came to nothing


def check_config(config: ml_collections.ConfigDict, mesh: jax.sharding.Mesh) -> None:
    """Raises a ValueError for what would otherwise fail after hours of training."""
    for size in (config.batch_size, config.evaluation.batch_size):
        sharding.check_batch_size(size, mesh)
    for field in ('total_steps', 'log_every', 'checkpoint_every'):
        if config[field] < 1:
            raise ValueError(f'{field} ({config[field]}) must be at least 1.')
    crop = config.augmentation.crop
    if not 8 <= crop <= IMAGE_SIZE:
        raise ValueError(
            f'augmentation.crop ({crop}) must be 8 to {IMAGE_SIZE} pixels.'
        )
    check_crops(config.evaluation.crops)
    check_name('validation metric', config.select_by, SELECTORS)


def check_crops(crops: int) -> None:
    """Raises a ValueError for what is not 1 or 5."""
    if crops not in (1, 5):
        raise ValueError(f'evaluation.crops ({crops}) must be 1 or 5.')


def claim_workdir(
    workdir: Path, config: ml_collections.ConfigDict, **inputs: Any
) -> None:
    """Writes `config.json`, or checks that the run there is the one asked for.

    A run that has made nothing yet, as of a config with a mistake, has no claim.

    Args:
        workdir: Made when missing.
        config: What is asked.
        **inputs: What tells the screen or the weights that it works on from others in
            their place, as JSON allows: such a run must not be continued.

    Raises:
        ValueError: The workdir belongs to a run with another config or on other data;
            the fields that differ are named.
    """
    asked = json.loads(config.to_json_best_effort()) | dict(inputs=inputs)
    path = workdir / 'config.json'
    if path.exists() and {file.name for file in workdir.iterdir()} - _NOT_MADE:
        found, wanted = _flat(read_json(path)), _flat(asked)
        changed = [
            f'  {name}: {found.get(name)!r} there, {wanted.get(name)!r} asked'
            for name in sorted(found.keys() | wanted.keys())
            if found.get(name) != wanted.get(name) and not name.startswith(_MAY_CHANGE)
        ]
        if changed:
            raise ValueError(
                f'{workdir} holds a run with another config, or on other data:\n'
                + '\n'.join(changed)
                + '\nGive another --workdir, or the same config and data to go on.'
            )
    if jax.process_index() == 0:
        write_json(path, asked)


def environment() -> dict[str, Any]:
    """Versions and devices, for `run.json`."""
    devices = jax.devices()
    versions = {name: _version(name) for name in _PACKAGES}
    return dict(
        versions=dict(python=platform.python_version(), **versions),
        device=f'{len(devices)} x {devices[0].device_kind} ({devices[0].platform})',
        hosts=jax.process_count(),
    )


def describe_splits(cells: dict[str, Cells]) -> dict[str, Any]:
    """Sizes of splits and how many cells each has of each class, for `run.json`."""
    counts = {}
    for name, split in cells.items():
        known = split.labels[split.labels >= 0]
        number = np.bincount(known, minlength=len(split.class_names)).tolist()
        counts[name] = dict(zip(split.class_names, number, strict=True))
    sizes = {name: len(split) for name, split in cells.items()}
    return dict(splits=sizes, class_counts=counts)


def short(path: Path) -> Path:
    """Relative to the folder one is in, when inside it."""
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


def _flat(tree: Any, prefix: str = '') -> dict[str, Any]:
    if not isinstance(tree, dict):
        return {prefix: tree}
    rows: dict[str, Any] = {}
    for name, value in tree.items():
        rows |= _flat(value, f'{prefix}.{name}' if prefix else name)
    return rows
