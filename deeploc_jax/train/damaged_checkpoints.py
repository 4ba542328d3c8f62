"""Damaged checkpoints are detected before they count, and moved out of the way."""

from __future__ import annotations

import json
import warnings
from pathlib import Path


def set_aside(directory: Path, step: int) -> None:
    """Moves a checkpoint to `<directory>-damaged`, so that no evidence is destroyed.

    When there are several hosts, only one of them may call it.
    """
    aside = directory.with_name(directory.name + '-damaged')
    aside.mkdir(exist_ok=True)
    number = len(list(aside.iterdir()))
    (directory / str(step)).rename(aside / f'{step}-{number}')


def set_aside_changed_metrics(directory: Path) -> bool:
    """Sets aside checkpoints whose metrics file was altered, with a warning.

    These metrics decide which checkpoint is the best.

    Returns:
        Whether a checkpoint was set aside and none with metrics is left.
    """
    files = directory.glob('*/metrics/metrics')
    # A killed save leaves files under a temporary name, which are no damage.
    saved = [path for path in files if path.parts[-3].isdigit()]
    changed = [path for path in saved if not _as_sealed(path)]
    for path in changed:
        warnings.warn(f'{path} is damaged. Setting it aside.', stacklevel=2)
        set_aside(directory, int(path.parts[-3]))
    return bool(changed) and len(changed) == len(saved)


def _as_sealed(path: Path) -> bool:
    """Whether the metrics of a checkpoint are equal to the copy in its seal."""
    seal = path.parents[1] / 'seal' / 'metadata'
    try:
        return json.loads(path.read_text()) == json.loads(seal.read_text())['metrics']
    except (ValueError, KeyError, FileNotFoundError):
        return False
