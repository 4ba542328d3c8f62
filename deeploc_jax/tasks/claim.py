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
    'cells_per_class',
    'draws',
    'confusion_at',
)
_NOT_MADE = {'config.json', 'error.log'}  # what a run leaves that came to nothing


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


def _flat(tree: Any, prefix: str = '') -> dict[str, Any]:
    if not isinstance(tree, dict):
        return {prefix: tree}
    rows: dict[str, Any] = {}
    for name, value in tree.items():
        rows |= _flat(value, f'{prefix}.{name}' if prefix else name)
    return rows
