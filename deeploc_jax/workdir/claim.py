"""Reserves a workdir for one run, which may be continued."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.devices import is_main
from deeploc_jax.files import read_json, write_json

_ELSEWHERE = ('data_dir', 'manual_dir', 'memory_limit')
"""Fields of any task that differ when a run moves to another disk or machine."""
_HERE = 'workdir'
"""Where the workdir was, so that paths beside it are found after a move."""
_RENAMED = {'licence': 'license'}
"""Names of fields in earlier versions, and their names today."""
_LATER_AUGMENTATIONS = ('zoom', 'blur', 'bleed', 'saturation', 'protein_alone')
"""Earlier versions did none of these, and did not say so."""


def claim_workdir(
    workdir: Path,
    config: Mapping[str, Any],
    may_change: Sequence[str] = (),
    /,
    **inputs: Any,
) -> None:
    """Writes `config.json`, or checks that the run there is the one asked for.

    A run that failed before it had made anything, as of a config with a mistake, has
    no claim. A workdir that was moved together with paths beside it, as the plates of a
    simulated screen are beside its scores, is the same run.

    Args:
        workdir: Made when missing.
        config: Config of the run, as JSON allows.
        may_change: Beginnings of the names of fields that a run may be continued with
            other values of, such as 'splits.test' or 'evaluation.'.
        **inputs: Identities of the input screen and weights, as JSON allows. A run on
            other inputs is not continued.

    Raises:
        ValueError: The workdir belongs to a run with another config or on other data;
            the fields that differ are named.
    """
    asked = json.loads(json.dumps(dict(config, inputs=inputs)))
    asked[_HERE] = str(workdir.absolute())
    path, error = workdir / 'config.json', workdir / 'error.log'
    if path.exists() and not (error.exists() and _is_bare(workdir)):
        # Runs of earlier versions did not say what they worked on, nor what was done
        # to the pixels.
        unsaid: dict[str, Any] = dict(inputs=inputs)
        if 'normalization' in asked:
            unsaid['normalization'] = 'percentile'
        if 'augmentation' in asked:
            unsaid['augmentation'] = dict.fromkeys(_LATER_AUGMENTATIONS, 0.0)
        there = _renewed(read_json(path))
        found, wanted = _flat(unsaid) | _flat(there), _flat(asked)
        moved = _flat(_moved(there, workdir))
        changed = [
            f'  {name}: {found.get(name)!r} there, {wanted.get(name)!r} asked'
            for name in sorted(found.keys() | wanted.keys())
            if wanted.get(name) not in (found.get(name), moved.get(name))
            and not name.startswith((_HERE, *_ELSEWHERE, *may_change))
        ]
        if changed:
            raise ValueError(
                f'{workdir} holds a run with another config, or on other data:\n'
                + '\n'.join(changed)
                + '\nGive another --workdir, or the same config and data to go on.'
            )
    if is_main():
        write_json(path, asked)
        error.unlink(missing_ok=True)  # of a run that is over


def claim_remade(workdir: Path, config: Mapping[str, Any], **inputs: Any) -> None:
    """Claims a workdir for a run that makes all of its files anew each time.

    Other inputs are no obstacle then; that they have changed is said. Until the run
    ends, there is no `run.json`.

    Args:
        workdir: Made when missing.
        config: Config of the run, as JSON allows.
        **inputs: Identities of the inputs, as JSON allows.

    Raises:
        ValueError: The workdir belongs to a run with another config.
    """
    path = workdir / 'config.json'
    before = read_json(path).get('inputs') if path.exists() else None
    claim_workdir(workdir, config, ('inputs.',), **inputs)
    if before and before != inputs:
        changed = [name for name in inputs if inputs[name] != before.get(name)]
        print(f'{", ".join(changed)}: changed since the last run; all is made anew.')
    (workdir / 'run.json').unlink(missing_ok=True)


def read_claim(workdir: Path) -> dict[str, Any]:
    """The config of a run, with what lay beside its workdir where it is now.

    Returns:
        The config; {} where there is none.

    Raises:
        ValueError: It is no valid JSON.
    """
    path = workdir / 'config.json'
    there = read_json(path) if path.is_file() else {}
    return _moved(there, workdir, only_there=True)


def _moved(
    config: dict[str, Any], workdir: Path, only_there: bool = False
) -> dict[str, Any]:
    """The config with paths in the folder that the workdir was in as they are now.

    Args:
        config: Config of a run.
        workdir: Where its workdir is now.
        only_there: Whether only paths that exist are changed.
    """
    then, now = Path(config.get(_HERE, workdir)), workdir.absolute()
    if then == now:
        return config

    def move(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: move(inner) for name, inner in value.items()}
        if not isinstance(value, str) or not Path(value).is_relative_to(then.parent):
            return value
        beside = os.path.normpath(now / os.path.relpath(value, then))
        return value if only_there and not os.path.exists(beside) else beside

    return move(config)


def _renewed(config: dict[str, Any]) -> dict[str, Any]:
    """A config of an earlier version, under today's names of its fields."""
    return {_RENAMED.get(name, name): value for name, value in config.items()}


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
