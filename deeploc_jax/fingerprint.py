"""Describes the arrays of a checkpoint, to check that they are intact and fit."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jax
import numpy as np


class MismatchError(ValueError):
    """Arrays on disk belong to another network or optimizer."""


def digest(state: Any) -> str:
    """Computes SHA-256 over names, types, shapes and bytes of all arrays."""
    sha = hashlib.sha256()
    for (name, kind), leaf in zip(
        arrays_of(state).items(), jax.tree.leaves(state), strict=True
    ):
        sha.update(f'{name} {kind}'.encode())
        sha.update(np.ascontiguousarray(leaf).data)
    return sha.hexdigest()


def arrays_of(state: Any) -> dict[str, str]:
    """Type and shape of each array by name: {'.params/conv_1': 'float32 [3, 3]'}."""
    return {
        jax.tree_util.keystr(path, simple=True, separator='/'): (
            f'{leaf.dtype} {list(leaf.shape)}'
        )
        for path, leaf in jax.tree_util.tree_leaves_with_path(state)
    }


def check_fit(found: dict[str, str], wanted: dict[str, str], where: Path) -> None:
    """Raises a MismatchError that lists both sides unless the arrays are the same."""
    differ = [
        f'  {name}: {found.get(name, "absent")} there, '
        f'{wanted.get(name, "absent")} in this network'
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ]
    if differ:
        more = [f'  and {len(differ) - 10} more'] if len(differ) > 10 else []
        raise MismatchError(
            f'The arrays in {where} do not fit:\n' + '\n'.join(differ[:10] + more)
        )
