"""Runs a function over many cells, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from deeploc_jax.progress import progress_bar


def in_batches(
    function: Callable[..., Any],
    arrays: Sequence[np.ndarray],
    batch_size: int,
    name: str,
) -> Any:
    """Results for all rows; the last batch is filled up, so that one program does.

    Args:
        function: Function of some rows of each array, to an array or a tree of them.
        arrays: Arrays with as many rows.
        batch_size: Rows at a time.
        name: Words beside the progress.
    """
    n = len(arrays[0])
    size = min(batch_size, n)
    parts = []
    for start in progress_bar(range(0, n, size), description=name, unit='batch'):
        rows = np.minimum(np.arange(start, start + size), n - 1)
        made = function(*(array[rows] for array in arrays))
        parts.append(jax.tree.map(np.asarray, made))
    return jax.tree.map(lambda *found: np.concatenate(found)[:n], *parts)
