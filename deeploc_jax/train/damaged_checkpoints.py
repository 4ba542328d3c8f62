"""Damaged checkpoints: noticed before they decide, and moved out of the way."""

from __future__ import annotations

import json
import warnings
from pathlib import Path


def set_aside(directory: Path, step: int) -> None:
    """Moves a checkpoint to `<directory>-damaged`: evidence is not destroyed.

    On several hosts, one of them does it.
    """
    aside = directory.with_name(directory.name + '-damaged')
    aside.mkdir(exist_ok=True)
    number = len(list(aside.iterdir()))
    (directory / str(step)).rename(aside / f'{step}-{number}')


def set_aside_changed_metrics(directory: Path) -> bool:
    """Sets aside checkpoints whose metrics, which decide, are not those saved.

    Returns:
        Whether some were, and no checkpoint with metrics is left.
    """
    files = directory.glob('*/metrics/metrics')
    # Not what a killed save left under a temporary name.
    saved = [path for path in files if path.parts[-3].isdigit()]
    changed = [path for path in saved if not _as_sealed(path)]
    for path in changed:
        warnings.warn(f'{path} is damaged. Setting it aside.', stacklevel=4)
        set_aside(directory, int(path.parts[-3]))
    return bool(changed) and len(changed) == len(saved)


def _as_sealed(path: Path) -> bool:
    """Whether the metrics of a checkpoint are those that its seal repeats."""
    seal = path.parents[1] / 'seal' / 'metadata'
    try:
        return json.loads(path.read_text()) == json.loads(seal.read_text())['metrics']
    except (ValueError, KeyError, FileNotFoundError):
        return False
