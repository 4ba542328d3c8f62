"""Turns cells into batches on the devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grain.python as grain
import jax
import numpy as np
from jax.sharding import Mesh

from deeploc_jax import sharding
from deeploc_jax.types import Batch, Cells

_PREFETCH = grain.ReadOptions(num_threads=4, prefetch_buffer_size=8)


def train_batches(
    cells: Cells,
    sampler: Callable[[int], np.ndarray],
    steps: range,
    mesh: Mesh,
    *,
    device_limit: float = 4.0,
) -> Iterator[Batch]:
    """Yields the batches of the given steps, placed on the devices.

    A split that fits is held on every device, and batches are gathered there. A larger
    split is read ahead by threads. Both give the same batches.

    Args:
        cells: Training split.
        sampler: Function from a step to row numbers [batch_size].
        steps: Range of steps; a resumed run starts later and sees the same batches.
        mesh: Mesh of the devices, from `sharding.make_mesh`.
        device_limit: Gigabytes that the images may take on each device.
    """
    in_memory = isinstance(cells.images, np.ndarray)
    if in_memory and 4 * np.prod(cells.images.shape) <= device_limit * 2**30:
        return _resident_batches(cells, sampler, steps, mesh)
    return _streamed_batches(cells, sampler, steps, mesh)


def _resident_batches(
    cells: Cells, sampler: Any, steps: range, mesh: Mesh
) -> Iterator[Batch]:
    images, labels = sharding.put_replicated((cells.images, cells.labels), mesh)

    def take(images: jax.Array, labels: jax.Array, rows: jax.Array) -> Batch:
        return Batch(image=images[rows], label=labels[rows])

    take = jax.jit(take, out_shardings=sharding.batch_sharding(mesh))
    for step in steps:
        rows = sampler(step).astype(np.int32)
        rows = sharding.put_batch(rows[sharding.local_slice(len(rows))], mesh)
        yield take(images, labels, rows)


def _streamed_batches(
    cells: Cells, sampler: Any, steps: range, mesh: Mesh
) -> Iterator[Batch]:
    def read(step: int) -> dict[str, np.ndarray]:
        return _local_batch(cells, sampler(step))

    batches = grain.MapDataset.source(steps).map(read)
    for batch in batches.to_iter_dataset(_PREFETCH):
        yield sharding.put_batch(batch, mesh)


def eval_batches(cells: Cells, batch_size: int, mesh: Mesh) -> Iterator[Batch]:
    """Yields every cell once, in order; the last batch is padded with the last cell.

    Cut what is computed from the batches after `len(cells)` rows, so that every cell
    counts once.

    Args:
        cells: Split.
        batch_size: Batch size over all devices.
        mesh: Mesh of the devices, from `sharding.make_mesh`.
    """
    n = len(cells)

    def read(start: int) -> dict[str, np.ndarray]:
        rows = np.arange(start, start + batch_size)
        return _local_batch(cells, np.minimum(rows, n - 1))

    batches = grain.MapDataset.source(range(0, n, batch_size)).map(read)
    for batch in batches.to_iter_dataset(_PREFETCH):
        yield sharding.put_batch(batch, mesh)


def _local_batch(cells: Cells, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The rows of a global batch that this process provides."""
    rows = rows[sharding.local_slice(len(rows))]
    return dict(image=cells.images[rows], label=cells.labels[rows])
