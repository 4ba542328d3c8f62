"""Whose workdir it is: that of one run, which may be continued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import ml_collections

from deeploc_jax.files import read_json, write_json

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
    'training_sets',
    'cells_per_class',
    'draws',
    'confusion_at',
)


def claim_workdir(
    workdir: Path, config: ml_collections.ConfigDict, /, **inputs: Any
) -> None:
    """Writes `config.json`, or checks that the run there is the one asked for.

    A run that failed before it had made anything, as of a config with a mistake, has
    no claim.

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
    path, error = workdir / 'config.json', workdir / 'error.log'
    if path.exists() and not (error.exists() and _is_bare(workdir)):
        # Runs of earlier versions did not say what they worked on, nor what was done
        # to the pixels.
        unsaid: dict[str, Any] = dict(inputs=inputs)
        if 'normalization' in asked:
            unsaid['normalization'] = 'percentile'
        found, wanted = _flat(unsaid | read_json(path)), _flat(asked)
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
        error.unlink(missing_ok=True)  # of a run that is over


def _is_bare(workdir: Path) -> bool:
    """Whether nothing is in it but what was asked, and empty or hidden files."""
    asked = {'config.json', 'error.log'}
    files = (path for path in workdir.rglob('[!.]*') if path.is_file())
    return all(path.name in asked or not path.stat().st_size for path in files)


def _flat(tree: Any, prefix: str = '') -> dict[str, Any]:
    if not isinstance(tree, dict):
        return {prefix: tree}
    rows: dict[str, Any] = {}
    for name, value in tree.items():
        rows |= _flat(value, f'{prefix}.{name}' if prefix else name)
    return rows
